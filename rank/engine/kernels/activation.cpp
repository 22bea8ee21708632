#include "rank/engine/kernels/activation.h"

#include "rank/engine/compute_threads.h"
#include "rank/engine/kernels/fused.h"
#include "rank/engine/kernels/gpu_kernels.h"
#include "rank/engine/profile_scopes.h"
#include "rank/engine/vector_math.h"

namespace longtake {

void gelu_(const at::Tensor& x_TD) {
  if constexpr (kHasGpuKernels) {
    if (suits_kernels({x_TD}) && x_TD.is_contiguous()) return gpu::gelu_(x_TD);
  }
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

}  // namespace longtake
