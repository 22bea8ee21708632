#pragma once

#include <ATen/ATen.h>

#include <cstdint>

/// Convolutions on a GPU: cuDNN's, in channels-last memory, chosen by the shapes alone, so that the bits of a
/// film do not depend on what was measured when it began; float32 without TF32.
// T frames, C channels in, O channels out, D kernel depth (in time), K kernel side, H height, W width
namespace longtake {

/// The pixels of frames in channels-last memory, [T H W, C]: a view.
at::Tensor pixels_of(const at::Tensor& x_TCHW);

/// Of each frame, with `padding` zeros on each side. [T, O, ...]: a side of n pixels becomes one of
/// (n + 2 padding - K) / stride + 1.
at::Tensor conv_frames(const at::Tensor& weight_OCKK, const at::Tensor& bias_O, const at::Tensor& x_TCHW,
                       std::int64_t padding, std::int64_t stride);

/// Over time as well, and without a bias: N frames give (N - D) / stride + 1 frames of the same size.
at::Tensor conv_clip(const at::Tensor& weight_OCDKK, const at::Tensor& frames_NCHW, std::int64_t stride);

/// Every pixel a square of four, after `bias` [of all channels of x] is added where it is defined. x may hold
/// `channels` or twice as many: then each of its frames is an even and an odd one.
at::Tensor enlarged(const at::Tensor& x_TCHW, std::int64_t channels, const at::Tensor& bias);

}  // namespace longtake
