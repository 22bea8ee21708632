#pragma once

#include <ATen/ATen.h>

#include "rank/engine/e4m3.h"

// T tokens, F rows of gains, D model width
namespace longtake {

/// (x - mean) / sqrt(variance + eps) * gain + shift, over the width of each token. Gain and shift are
/// float32, [D] or [F, D]: each row for T / F consecutive tokens.
struct LayerNorm {
  at::Tensor gain_FD;
  at::Tensor shift_FD;
  double eps = 0;
};

/// `x`: float32. Computed in float32, the result in `type`.
at::Tensor layer_norm(const at::Tensor& x_TD, const LayerNorm& norm, at::ScalarType type);

/// hidden += out * gate, and then the layer norm of hidden, in `out`'s type: in one pass where kernels
/// compute. `hidden` and `gate`: float32; an undefined gate is 1.
at::Tensor add_then_norm(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D,
                         const LayerNorm& norm);

/// The same two for products of fp8: the result, in float32, as quantize_rows() rounds it. Where kernels
/// compute the rounding costs no pass over memory, and no rounding to another type comes before it.
E4m3Rows layer_norm_e4m3(const at::Tensor& x_TD, const LayerNorm& norm);
E4m3Rows add_then_norm_e4m3(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D,
                            const LayerNorm& norm);

/// hidden += out * gate.
void add_gated_(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D);

/// hidden += out.
void add_(const at::Tensor& hidden_TD, const at::Tensor& out_TD);

}  // namespace longtake
