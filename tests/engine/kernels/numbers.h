#pragma once

#include <ATen/ATen.h>

/// What tests of kernels share: numbers, and how far a GPU may be from a CPU.
namespace longtake {

/// Normal, the same in every run; on the CPU.
inline at::Tensor normal_numbers(std::uint64_t seed, at::IntArrayRef shape,
                                 at::ScalarType type = at::kFloat) {
  at::manual_seed(seed);
  return at::randn(shape).to(type);
}

/// norm(gpu - exact) / norm(exact) that a result stored in `type` may have: its own rounding, and in float32
/// sums in another order.
inline double rounding_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return 2e-6;
    case at::kHalf:
      return 1e-3;
    default:
      return 5e-3;
  }
}

/// In float64.
inline double distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor wide = b.to(at::kCPU, at::kDouble);
  return ((a.to(at::kCPU, at::kDouble) - wide).norm() / wide.norm()).item<double>();
}

}  // namespace longtake
