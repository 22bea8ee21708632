#pragma once

#include <ATen/ATen.h>

// T frames, H height, W width, C channels, P 1 or 2
namespace longtake {

/// Every pixel of x, after `bias` [P C] is added where it is defined, becomes a square of four. x [T, H, W, P
/// C], out [P T, 2 H, 2 W, C]: with P = 2 the first C channels are the even frames, the others the odd ones.
/// All contiguous, in one type; P follows from the shapes. In one pass where kernels compute.
void enlarge_into(const at::Tensor& out_THWC, const at::Tensor& x_THWC, const at::Tensor& bias_C);

}  // namespace longtake
