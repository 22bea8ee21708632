#include "rank/engine/transformer/norms.h"

namespace longtake {

at::Tensor modulated_norm(const at::Tensor& x_TD, const at::Tensor& scale_D, const at::Tensor& shift_D,
                          double eps) {
  return at::layer_norm(x_TD, {x_TD.size(-1)}, scale_D.add(1), shift_D, eps);
}

void rms_norm_(at::Tensor x_TD, const at::Tensor& weight_D, double eps) {
  const auto width = static_cast<double>(x_TD.size(-1));
  const at::Tensor length_T1 = at::linalg_vector_norm(x_TD, 2, {-1}, /*keepdim=*/true, at::kFloat);
  const at::Tensor inverse_T1 = length_T1.square().div(width).add(eps).rsqrt();
  if (x_TD.scalar_type() == at::kFloat) {
    x_TD.mul_(inverse_T1).mul_(weight_D);
    return;
  }
  x_TD.copy_(x_TD.to(at::kFloat).mul_(inverse_T1)).mul_(weight_D);
}

}  // namespace longtake
