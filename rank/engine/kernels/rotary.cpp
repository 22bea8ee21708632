#include "rank/engine/kernels/rotary.h"

#include "rank/engine/compute_threads.h"
#include "rank/engine/kernels/fused.h"
#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/profile_scopes.h"

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

at::Tensor as_complex(const at::Tensor& x_THK) {
  return at::view_as_complex(x_THK.view({x_THK.size(0), x_THK.size(1), x_THK.size(2) / 2, 2}));
}

void rotate_rows(const at::Tensor& out_THK, const at::Tensor& x_THK, const at::Tensor& turn_TJ) {
  RECORD_USER_SCOPE(kRotaryScope);
  const at::Tensor turn_T1J = turn_TJ.unsqueeze(1);
  if (out_THK.scalar_type() == at::kFloat && x_THK.scalar_type() == at::kFloat) {
    at::Tensor out = as_complex(out_THK);
    at::mul_out(out, as_complex(x_THK), turn_T1J);
    return;
  }
  const at::Tensor turned = as_complex(x_THK.to(at::kFloat)).mul(turn_T1J);
  out_THK.copy_(at::view_as_real(turned).view(x_THK.sizes()));
}

/// [T, H * K], when all heads of a token lie one after another and eight values have one head.
bool fuses(const at::Tensor& out_THK, const at::Tensor& x_THK, const at::Tensor& turn_TJ) {
  const bool is_one_row = x_THK.stride(1) == x_THK.size(2) && out_THK.stride(1) == out_THK.size(2);
  return is_one_row && x_THK.scalar_type() == out_THK.scalar_type() &&
         suits_kernels({out_THK, x_THK, turn_TJ});
}

}  // namespace

void rms_norm_(const at::Tensor& x_TD, const at::Tensor& weight_D, double eps) {
  if constexpr (kHasGpuKernels) {
    if (suits_kernels({x_TD, weight_D}) && weight_D.scalar_type() == x_TD.scalar_type()) {
      return gpu::norm_and_turn({x_TD, x_TD, weight_D, {}, eps});
    }
  }
  for_row_tiles(x_TD.device(), x_TD.size(0), [&](std::int64_t first, std::int64_t rows) {
    rms_norm_rows_(x_TD.narrow(0, first, rows), weight_D, eps);
  });
}

void rotate_into(const at::Tensor& out_THK, const at::Tensor& x_THK, const at::Tensor& turn_TJ) {
  if constexpr (kHasGpuKernels) {
    if (fuses(out_THK, x_THK, turn_TJ)) {
      return gpu::norm_and_turn({out_THK.flatten(1), x_THK.flatten(1), {}, turn_TJ, 0});
    }
  }
  for_row_tiles(x_THK.device(), x_THK.size(0), [&](std::int64_t first, std::int64_t rows) {
    rotate_rows(out_THK.narrow(0, first, rows), x_THK.narrow(0, first, rows), turn_TJ.narrow(0, first, rows));
  });
}

void norm_and_rotate_into(const at::Tensor& out_THK, const at::Tensor& x_TD, const at::Tensor& weight_D,
                          double eps, const at::Tensor& turn_TJ) {
  const at::Tensor x_THK = x_TD.view({x_TD.size(0), out_THK.size(1), out_THK.size(2)});
  if constexpr (kHasGpuKernels) {
    const bool suits = suits_kernels({weight_D}) && weight_D.scalar_type() == x_TD.scalar_type();
    if (suits && fuses(out_THK, x_THK, turn_TJ)) {
      return gpu::norm_and_turn({out_THK.flatten(1), x_TD, weight_D, turn_TJ, eps});
    }
  }
  rms_norm_(x_TD, weight_D, eps);
  rotate_into(out_THK, x_THK, turn_TJ);
}

}  // namespace longtake
