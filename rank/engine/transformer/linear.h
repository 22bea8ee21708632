#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "rank/engine/transformer/linear_input.h"
#include "rank/engine/weights/weights.h"

// T tokens, I inputs, O outputs
namespace longtake {

/// y = x W^T + b.
struct Linear {
  at::Tensor weight_OI;  ///< in the type of inputs and outputs, or in eight bits (eight_bit_matrix.h)
  at::Tensor bias_O;     ///< in the type of inputs and outputs
  at::Tensor scale_O{};  ///< of a matrix in eight bits; undefined for others

  at::Tensor operator()(const at::Tensor& x_TI) const;

  /// Writes to memory that is there already: no allocation.
  void into(const at::Tensor& out_TO, const LinearInput& x_TI) const;

  /// Whether it multiplies E4M3: what it reads is rounded by whoever makes it, or by into().
  bool is_fp8() const { return scale_O.defined() && weight_OI.scalar_type() == at::kByte; }

  /// Some of the outputs: a view.
  Linear outputs(std::int64_t first, std::int64_t count) const;

  /// For what the published model computes in float32 whatever the type of its weights; not in eight bits.
  Linear in_float32() const { return {weight_OI.to(at::kFloat), bias_O.to(at::kFloat)}; }
};

/// out = second(gelu(first(x))), GELU by tanh. `inner` is memory for what first() gives. On a GPU the GELU
/// costs no pass over memory: it goes into the first product, or into the rounding before an fp8 one.
void two_layers_into(const at::Tensor& out_TO, const at::Tensor& inner_TN, const LinearInput& x_TI,
                     const Linear& first, const Linear& second);

/// The outputs of all, one after another: one product instead of several. In memory of its own.
Linear joined(const std::vector<Linear>& parts);

/// `name`.weight and `name`.bias. A convolution is a linear function of patches; `kernel` is its shape
/// after outputs and inputs, empty for a plain linear layer.
Linear take_linear(const Weights& weights, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                   at::IntArrayRef kernel = {});

/// One of the linear layers that a transformer mostly consists of: its matrix is in the precision that the
/// weights' options ask for.
Linear take_large_linear(const Weights& weights, const std::string& name, std::int64_t inputs,
                         std::int64_t outputs);

}  // namespace longtake
