#pragma once

#include <ATen/ATen.h>

// T tokens, D model width
namespace longtake {

/// The approximation of GELU by tanh, in place; computed in float32.
void gelu_(const at::Tensor& x_TD);

/// In place.
void silu_(const at::Tensor& x_TD);

}  // namespace longtake
