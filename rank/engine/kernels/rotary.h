#pragma once

#include <ATen/ATen.h>

// T tokens, D model width, H heads, K head width, J = K/2 pairs of a head
/// What queries and keys go through after their product.
namespace longtake {

/// Root-mean-square norm over the whole width (Zhang and Sennrich 2019), in place; the mean in float32.
void rms_norm_(const at::Tensor& x_TD, const at::Tensor& weight_D, double eps);

/// out = x, each pair of values turned by its token's rotation (complex64), computed in float32. `out` may
/// be `x`.
void rotate_into(const at::Tensor& out_THK, const at::Tensor& x_THK, const at::Tensor& turn_TJ);

/// Both, one after the other: in one pass where kernels compute. `x` is used up; `out` may be `x`.
void norm_and_rotate_into(const at::Tensor& out_THK, const at::Tensor& x_TD, const at::Tensor& weight_D,
                          double eps, const at::Tensor& turn_TJ);

}  // namespace longtake
