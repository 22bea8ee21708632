#include "rank/engine/transformer/hidden_states.h"

#include <utility>

namespace longtake {

void HiddenStates::add(at::Tensor out_TD, at::Tensor gate_D) {
  sum_TD();
  waiting_TD_ = std::move(out_TD);
  gate_D_ = std::move(gate_D);
}

LinearInput HiddenStates::normed_for(const Linear& reader, const LayerNorm& norm) {
  const at::Tensor waiting_TD = std::exchange(waiting_TD_, {});
  if (!waiting_TD.defined()) {
    if (reader.is_fp8()) return layer_norm_e4m3(states_TD_, norm);
    return layer_norm(states_TD_, norm, reader.bias_O.scalar_type());
  }
  if (reader.is_fp8()) return add_then_norm_e4m3(states_TD_, waiting_TD, gate_D_, norm);
  return add_then_norm(states_TD_, waiting_TD, gate_D_, norm);
}

const at::Tensor& HiddenStates::sum_TD() {
  const at::Tensor waiting_TD = std::exchange(waiting_TD_, {});
  if (!waiting_TD.defined()) return states_TD_;
  gate_D_.defined() ? add_gated_(states_TD_, waiting_TD, gate_D_) : add_(states_TD_, waiting_TD);
  return states_TD_;
}

}  // namespace longtake
