#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

/// A convolution of frames on a CPU, shared out among the compute threads.
// C channels in, O channels out, D kernel depth (in time), S = D C, K kernel side, H height, W width
namespace longtake {

/// Frames in order of time: [C, H, W] in memory order H, W, C, with any distance from pixel to pixel, or
/// undefined for a frame of zeros.
using FrameViews = std::vector<at::Tensor>;

/// The frames of [T, C, H, W] in channels-last memory, without a copy.
FrameViews views_of(const at::Tensor& x_TCHW);

/// A kernel over D frames as one over a single frame with the channels of all, those of the earliest first.
struct StackedKernel {
  /// `weight`: [O, C, D, K, K] in any memory order.
  static StackedKernel of(const at::Tensor& weight_OCDKK, const at::Tensor& bias_O);

  at::Tensor weight_OSKK;
  at::Tensor bias_O;
  std::int64_t depth = 1;
};

/// Which frames and pixels a convolution meets.
struct ConvSteps {
  std::int64_t time = 1;     ///< every so many-th frame is computed
  std::int64_t side = 1;     ///< 2 halves H and W, with a row and a column of zeros at the lower right
  std::int64_t enlarge = 1;  ///< each pixel stands for a square of this side
};

/// N frames, at least one of them defined, give [(N - D) / time + 1, O, H', W'] in channels-last memory: H
/// and W times `enlarge`, or their half. `plus` [as the result], when defined, is added. The frames are cut
/// into bands of rows that depend on the shapes alone; one tile stacks what its band sees of D frames and
/// convolves that at once: no frame is padded, enlarged or joined to those before it in memory, and there
/// are no partial sums.
at::Tensor conv_by_bands(const StackedKernel& kernel, const FrameViews& frames, ConvSteps steps,
                         const at::Tensor& plus = {});

}  // namespace longtake
