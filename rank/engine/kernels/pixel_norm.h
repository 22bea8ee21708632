#pragma once

#include <ATen/ATen.h>

// P pixels, C channels
namespace longtake {

/// out = silu(x / max(|x|, 1e-12) * gain), |x| the length of a pixel's channels; of x + bias where `bias` is
/// defined. Computed in float32 where kernels compute. All in one type; `out` is not `x`.
void normed_silu_into(const at::Tensor& out_PC, const at::Tensor& x_PC, const at::Tensor& bias_C,
                      const at::Tensor& gain_C);

/// x += bias, and += plus [P, C] where it is defined, in place: in one pass where kernels compute.
void add_bias_(const at::Tensor& x_PC, const at::Tensor& bias_C, const at::Tensor& plus_PC);

}  // namespace longtake
