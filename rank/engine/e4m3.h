#pragma once

#include <ATen/ATen.h>

#include <array>
#include <cstdint>

// T rows (tokens, or outputs of a matrix), I numbers of a row
namespace longtake {

inline constexpr float kLargestE4m3 = 448;

/// Rows of eight-bit floats (E4M3: float8.h), each with its own scale: number = value of the bits * scale.
/// The bits are in a tensor of bytes, because LibTorch before 2.1 has no type for them.
struct E4m3Rows {
  at::Tensor bits_TI;  ///< uint8
  at::Tensor scale_T;  ///< float32
};

/// The nearest E4M3, of two the even one; what is larger than the largest becomes the largest, NaN stays
/// NaN. As NVIDIA's conversion with saturation.
std::uint8_t e4m3_of(float number);

/// The value of each E4M3; exact.
const std::array<float, 256>& e4m3_values();

}  // namespace longtake
