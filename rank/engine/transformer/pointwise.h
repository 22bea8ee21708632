#pragma once

#include <ATen/ATen.h>

// T tokens, D model width
/// What each token goes through on its own: shared out in tiles of rows.
namespace longtake {

at::Tensor layer_norm(const at::Tensor& x_TD, const at::Tensor& weight_D, const at::Tensor& bias_D,
                      double eps);

/// Layer norm, then x * (1 + scale) + shift, in one pass. `x`, scale and shift are float32.
at::Tensor modulated_norm(const at::Tensor& x_TD, const at::Tensor& scale_D, const at::Tensor& shift_D,
                          double eps);

/// Root-mean-square norm over the whole width (Zhang and Sennrich 2019), in place; the mean in float32.
void rms_norm_(const at::Tensor& x_TD, const at::Tensor& weight_D, double eps);

/// The approximation by tanh, in place.
void gelu_(const at::Tensor& x_TD);

/// In place.
void silu_(const at::Tensor& x_TD);

/// hidden += out * gate, in float32.
void add_gated_(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D);

/// hidden += out, in float32.
void add_(const at::Tensor& hidden_TD, const at::Tensor& out_TD);

}  // namespace longtake
