#include "rank/engine/kernels/fused.h"

#include <algorithm>

namespace longtake {
namespace {

bool has_a_kernels_type(const at::Tensor& x) {
  const at::ScalarType type = x.scalar_type();
  return type == at::kFloat || type == at::kBFloat16 || type == at::kHalf || type == at::kComplexFloat;
}

bool is_in_aligned_rows(const at::Tensor& x) {
  constexpr std::int64_t kOctet = 8;
  constexpr std::uintptr_t kAlignment = 16;
  if (x.dim() == 0 || x.stride(-1) != 1) return false;
  const std::int64_t whole = x.is_complex() ? kOctet / 2 : kOctet;
  if (x.size(-1) % whole != 0 || reinterpret_cast<std::uintptr_t>(x.data_ptr()) % kAlignment != 0) {
    return false;
  }
  const at::IntArrayRef outer = x.strides().slice(0, static_cast<std::size_t>(x.dim() - 1));
  return std::all_of(outer.begin(), outer.end(), [&](std::int64_t stride) { return stride % whole == 0; });
}

}  // namespace

bool suits_kernels(std::initializer_list<at::Tensor> tensors) {
  if (!kHasGpuKernels) return false;
  return std::all_of(tensors.begin(), tensors.end(), [](const at::Tensor& x) {
    return !x.defined() || (x.is_cuda() && has_a_kernels_type(x) && is_in_aligned_rows(x));
  });
}

}  // namespace longtake
