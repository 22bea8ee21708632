#pragma once

#include <ATen/ATen.h>

// T tokens, D model width
namespace longtake::kernels {

/// hidden += out * gate, computed in float32, in place. hidden, out: float32, bfloat16 or float16,
/// contiguous; gate: float32; all on one CUDA device. On the device's current stream, without waiting.
void add_gated_(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D);

/// The same, plainly, on any device.
void add_gated_twin_(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D);

}  // namespace longtake::kernels
