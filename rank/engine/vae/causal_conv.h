#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

#include "rank/engine/vae/band_conv.h"
#include "rank/engine/vae/vae_stream.h"
#include "rank/engine/weights/weights.h"

/// Convolutions of the video VAE. Frames are [T, C, H, W] in channels-last memory: T, H, W, C.
// T frames, N frames and those before them, C channels in, O channels out, H height, W width, K kernel side,
// D kernel depth (in time)
namespace longtake {

/// Sizes of a kernel; the sides are odd and padded so that H and W stay.
struct KernelSize {
  std::int64_t in = 0;
  std::int64_t out = 0;
  std::int64_t depth = 1;
  std::int64_t side = 1;
};

/// A convolution of each frame by itself: weights `name`.weight [O, C, 1, K, K] or [O, C, K, K].
class FrameConv {
 public:
  enum class Stored { As2d, As3d };

  FrameConv(const Weights& weights, const std::string& name, KernelSize size, Stored stored);

  /// H and W stay.
  at::Tensor operator()(const at::Tensor& x_TCHW) const;

  /// After each pixel became a square of four: H and W double.
  at::Tensor enlarge(const at::Tensor& x_TCHW) const;

  /// Every second row and column, with a row and a column of zeros at the lower right: H and W halve.
  at::Tensor downsample(const at::Tensor& x_TCHW) const;

  at::ScalarType dtype() const { return kernel_.weight_OSKK.scalar_type(); }

 private:
  StackedKernel kernel_;
};

/// A convolution over frames and time that sees no later frame: output t from inputs t - D + 1 .. t, with
/// zeros before the first frame. Weights `name`.weight [O, C, D, K, K] and `name`.bias [O].
class CausalConv {
 public:
  CausalConv(const Weights& weights, const std::string& name, KernelSize size);

  /// T frames that follow those in the stream give T frames, to which `plus` is added when defined.
  at::Tensor operator()(const at::Tensor& x_TCHW, VaeStream& stream, const at::Tensor& plus = {}) const;

  /// The same on a GPU, without the bias.
  at::Tensor without_bias(const at::Tensor& x_TCHW, VaeStream& stream) const;

  /// operator() for every second frame, from 2T frames after one in the stream: no zeros in front.
  at::Tensor halve_time(const at::Tensor& x_TCHW, VaeStream& stream) const;

  /// For a GPU, where what makes the frames can write them to where they are convolved: memory for the T
  /// frames that come next, after those in the stream (zeros before the first), N = T + D - 1; which of it
  /// they go to; and the convolution of all, without its bias.
  at::Tensor room_for(const at::Tensor& like_TCHW, VaeStream& stream) const;
  at::Tensor newest(const at::Tensor& frames_NCHW) const;
  at::Tensor over(const at::Tensor& frames_NCHW, VaeStream& stream) const;

  const at::Tensor& bias_O() const { return kernel_.bias_O; }
  const std::string& name() const { return name_; }

 private:
  at::Tensor on_gpu(const at::Tensor& frames_NCHW, std::int64_t stride) const;

  std::string name_;
  std::int64_t depth_ = 1;
  StackedKernel kernel_;     ///< on a CPU; on a GPU its bias alone
  at::Tensor weight_OCDKK_;  ///< on a GPU, with channels that nobody asked for up to eight
};

/// [T, C, H, W] as layers want it: contiguous in memory order T, H, W, C.
at::Tensor channels_last(const at::Tensor& x_TCHW);

}  // namespace longtake
