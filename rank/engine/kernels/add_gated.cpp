#include "rank/engine/kernels/add_gated.h"

namespace longtake::kernels {

void add_gated_twin_(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D) {
  hidden_TD.copy_(hidden_TD.to(at::kFloat) + out_TD.to(at::kFloat) * gate_D);
}

}  // namespace longtake::kernels
