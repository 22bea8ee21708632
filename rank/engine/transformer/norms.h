#pragma once

#include <ATen/ATen.h>

// T tokens, D model width
namespace longtake {

/// Layer norm, then x * (1 + scale) + shift, in one pass. `x`, scale and shift are float32.
at::Tensor modulated_norm(const at::Tensor& x_TD, const at::Tensor& scale_D, const at::Tensor& shift_D,
                          double eps);

/// Root-mean-square norm over the whole width (Zhang and Sennrich 2019), in place; the mean in float32.
void rms_norm_(at::Tensor x_TD, const at::Tensor& weight_D, double eps);

}  // namespace longtake
