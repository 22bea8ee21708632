#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "rank/engine/vae/frame_layers.h"
#include "rank/engine/vae/resample.h"
#include "rank/engine/vae/vae_config.h"
#include "rank/engine/vae/vae_stream.h"
#include "rank/engine/weights/weights.h"

namespace longtake {

/// Latents to frames: the decoder half of the Wan 2.1 causal VAE, with the weight names of
/// Wan2.1_VAE.pth. Immutable: one decoder may serve several streams.
class VaeDecoder {
 public:
  /// Takes conv2 and decoder.* of `checkpoint`. Throws Error{InvalidInput} naming a tensor of these that
  /// is missing or mis-shaped, and one that belongs to neither decoder nor encoder.
  VaeDecoder(const VaeConfig& config, const Weights& checkpoint);

  /// `latents`: [1, z_dim, T, h, w], normalised, T at least 1, in order after those the stream has seen.
  /// Returns [1, 3, frames, s h, s w] in float32, about -1 to 1 and not clamped; s = 8 and frames = 4 T as
  /// published, 1 + 4 (T - 1) for a new stream. In memory the frames are T, H, W, C. Works through
  /// one latent frame after the other, so beyond the result it needs the same memory for any T.
  /// Throws Error{InvalidInput} for another shape.
  at::Tensor decode(VaeStream& stream, const at::Tensor& latents_BCTHW) const;

  at::Device device() const { return mean_C11_.device(); }

 private:
  struct Level {
    std::vector<ResidualBlock> blocks;
    std::vector<Upsample> upsample;  ///< one, none at full resolution
  };

  VaeDecoder(const VaeConfig& config, const Weights& checkpoint, const Weights& decoder);
  Level make_level(const Weights& weights, int level, int& layer, std::int64_t& channels) const;
  at::Tensor decode_frame(VaeStream& stream, const at::Tensor& z_1CHW) const;

  VaeConfig config_;
  at::Tensor mean_C11_;
  at::Tensor std_C11_;
  FrameConv from_latent_;
  CausalConv conv_in_;
  MiddleBlocks middle_;
  std::vector<Level> levels_;  ///< the lowest resolution first
  Head head_;
};

}  // namespace longtake
