#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <string>

#include "rank/engine/vae/causal_conv.h"
#include "rank/engine/vae/vae_stream.h"
#include "rank/engine/weights/weights.h"

/// The steps between the resolutions of the video VAE. The first frame of a video stands alone in time:
/// it is neither merged with the second nor doubled.
// T frames, C channels, H height, W width
namespace longtake {

/// Halves H and W, and T after the first frame when `halves_time`.
class Downsample {
 public:
  Downsample(const Weights& weights, const std::string& name, std::int64_t channels, bool halves_time);

  /// A new stream wants one frame, later calls an even number when time halves.
  at::Tensor operator()(const at::Tensor& x_TCHW, VaeStream& stream) const;

 private:
  FrameConv conv_;
  std::optional<CausalConv> time_conv_;
};

/// Doubles H and W, halves C, and doubles T after the first frame when `doubles_time`.
class Upsample {
 public:
  Upsample(const Weights& weights, const std::string& name, std::int64_t channels, bool doubles_time);

  /// A new stream wants one frame.
  at::Tensor operator()(const at::Tensor& x_TCHW, VaeStream& stream) const;

 private:
  bool begins(const at::Tensor& x_TCHW, VaeStream& stream) const;

  std::optional<CausalConv> time_conv_;
  FrameConv conv_;
};

}  // namespace longtake
