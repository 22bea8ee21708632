#include "rank/engine/kernels/pixel_norm.h"

#include "rank/engine/kernels/fused.h"
#include "rank/engine/kernels/gpu_kernels.h"

namespace longtake {
namespace {

bool fuses(const at::Tensor& x_PC, std::initializer_list<at::Tensor> others) {
  constexpr std::int64_t kWidestPixel = 768;
  return suits_kernels({x_PC}) && suits_kernels(others) && x_PC.is_contiguous() &&
         x_PC.size(1) <= kWidestPixel;
}

}  // namespace

void normed_silu_into(const at::Tensor& out_PC, const at::Tensor& x_PC, const at::Tensor& bias_C,
                      const at::Tensor& gain_C) {
  if constexpr (kHasGpuKernels) {
    if (out_PC.is_contiguous() && fuses(x_PC, {out_PC, bias_C, gain_C})) {
      return gpu::normed_silu({out_PC, x_PC, bias_C, gain_C});
    }
  }
  constexpr double kShortest = 1e-12;  // what torch.nn.functional.normalize divides by at least
  const at::Tensor biased_PC = bias_C.defined() ? x_PC + bias_C : x_PC;
  const at::Tensor length_P1 =
      at::linalg_vector_norm(biased_PC, 2, at::IntArrayRef{1}, /*keepdim=*/true,
                             at::promote_types(x_PC.scalar_type(), at::kFloat));  // kShortest is 0 in float16
  out_PC.copy_(at::silu((biased_PC / length_P1.clamp_min(kShortest)).mul_(gain_C)));
}

void add_bias_(const at::Tensor& x_PC, const at::Tensor& bias_C, const at::Tensor& plus_PC) {
  if constexpr (kHasGpuKernels) {
    const bool is_one_piece = !plus_PC.defined() || plus_PC.is_contiguous();
    if (is_one_piece && fuses(x_PC, {bias_C, plus_PC})) return gpu::add_bias_(x_PC, bias_C, plus_PC);
  }
  x_PC.add_(bias_C);
  if (plus_PC.defined()) x_PC.add_(plus_PC);
}

}  // namespace longtake
