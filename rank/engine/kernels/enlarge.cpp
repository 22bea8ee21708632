#include "rank/engine/kernels/enlarge.h"

#include "rank/engine/kernels/fused.h"
#include "rank/engine/kernels/gpu_kernels.h"

namespace longtake {

void enlarge_into(const at::Tensor& out_THWC, const at::Tensor& x_THWC, const at::Tensor& bias_C) {
  if constexpr (kHasGpuKernels) {
    const bool is_in_one_piece = out_THWC.is_contiguous() && x_THWC.is_contiguous();
    if (is_in_one_piece && suits_kernels({out_THWC, x_THWC, bias_C}))
      return gpu::enlarge({out_THWC, x_THWC, bias_C});
  }
  const std::int64_t frames = x_THWC.size(0), height = x_THWC.size(1), width = x_THWC.size(2);
  const std::int64_t channels = out_THWC.size(3), of_a_frame = x_THWC.size(3) / channels;
  const at::Tensor biased_THWC = bias_C.defined() ? x_THWC + bias_C : x_THWC;
  const at::Tensor one_each = biased_THWC.view({frames, height, 1, width, 1, of_a_frame, channels})
                                  .permute({0, 5, 1, 2, 3, 4, 6});  // T, P, H, 1, W, 1, C
  out_THWC.view({frames, of_a_frame, height, 2, width, 2, channels}).copy_(one_each);
}

}  // namespace longtake
