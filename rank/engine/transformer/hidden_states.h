#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <utility>

#include "rank/engine/kernels/layer_norm.h"
#include "rank/engine/transformer/linear.h"

// T tokens, D model width
namespace longtake {

/// What the layers change, float32. Every part of a layer reads the norm of it and adds to it; the addition
/// waits for the norm behind it, where kernels make both in one pass over memory. Belongs to one thread.
class HiddenStates {
 public:
  /// They are changed in place.
  explicit HiddenStates(at::Tensor states_TD) : states_TD_(std::move(states_TD)) {}

  /// out * gate; an undefined gate is 1. `out` is read at the next call: its memory must stay as it is.
  void add(at::Tensor out_TD, at::Tensor gate_D = {});

  /// The norm of the sum, as `reader` is best given it.
  LinearInput normed_for(const Linear& reader, const LayerNorm& norm);

  /// With nothing left to add.
  const at::Tensor& sum_TD();

  std::int64_t tokens() const { return states_TD_.size(0); }

 private:
  at::Tensor states_TD_;
  at::Tensor waiting_TD_;  ///< undefined when nothing waits
  at::Tensor gate_D_;
};

}  // namespace longtake
