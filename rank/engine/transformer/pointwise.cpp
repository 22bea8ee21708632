#include "rank/engine/transformer/pointwise.h"

#include "rank/engine/compute_threads.h"
#include "rank/engine/profile_scopes.h"
#include "rank/engine/vector_math.h"

namespace longtake {
namespace {

void rms_norm_rows_(at::Tensor x_TD, const at::Tensor& weight_D, double eps) {
  const auto width = static_cast<double>(x_TD.size(-1));
  const at::Tensor length_T1 = at::linalg_vector_norm(x_TD, 2, {-1}, /*keepdim=*/true, at::kFloat);
  const at::Tensor inverse_T1 = length_T1.square().div(width).add(eps).rsqrt();
  if (x_TD.scalar_type() == at::kFloat) {
    x_TD.mul_(inverse_T1).mul_(weight_D);
    return;
  }
  x_TD.copy_(x_TD.to(at::kFloat).mul_(inverse_T1)).mul_(weight_D);
}

}  // namespace

at::Tensor layer_norm(const at::Tensor& x_TD, const at::Tensor& weight_D, const at::Tensor& bias_D,
                      double eps) {
  const at::Tensor out_TD = at::empty_like(x_TD);
  for_row_tiles(x_TD.device(), x_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    out_TD.narrow(0, first, rows)
        .copy_(at::layer_norm(x_TD.narrow(0, first, rows), {x_TD.size(-1)}, weight_D, bias_D, eps));
  });
  return out_TD;
}

at::Tensor modulated_norm(const at::Tensor& x_TD, const at::Tensor& scale_D, const at::Tensor& shift_D,
                          double eps) {
  return layer_norm(x_TD, scale_D.add(1), shift_D, eps);
}

void rms_norm_(const at::Tensor& x_TD, const at::Tensor& weight_D, double eps) {
  for_row_tiles(x_TD.device(), x_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    rms_norm_rows_(x_TD.narrow(0, first, rows), weight_D, eps);
  });
}

void gelu_(const at::Tensor& x_TD) {
  for_row_tiles(x_TD.device(), x_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    at::Tensor part = x_TD.narrow(0, first, rows);
    const bool is_one_piece = part.is_cpu() && part.scalar_type() == at::kFloat && part.is_contiguous();
    if (!is_one_piece) {
      at::gelu_out(part, part, "tanh");
      return;
    }
    RECORD_USER_SCOPE(kPointwiseScope);
    gelu_of(part.data_ptr<float>(), part.numel());
  });
}

void silu_(const at::Tensor& x_TD) {
  for_row_tiles(x_TD.device(), x_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    at::Tensor part = x_TD.narrow(0, first, rows);
    at::silu_(part);
  });
}

void add_gated_(const at::Tensor& hidden_TD, const at::Tensor& out_TD, const at::Tensor& gate_D) {
  for_row_tiles(hidden_TD.device(), hidden_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    hidden_TD.narrow(0, first, rows).addcmul_(out_TD.narrow(0, first, rows).to(at::kFloat), gate_D);
  });
}

void add_(const at::Tensor& hidden_TD, const at::Tensor& out_TD) {
  for_row_tiles(hidden_TD.device(), hidden_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    hidden_TD.narrow(0, first, rows).add_(out_TD.narrow(0, first, rows));
  });
}

}  // namespace longtake
