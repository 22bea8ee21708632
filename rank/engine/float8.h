#pragma once

#include <cmath>
#include <limits>

namespace longtake {

/// The two formats of eight bits that models are stored in (Micikevicius et al. 2022, table 1).
struct Float8Format {
  int exponent_bits;
  int mantissa_bits;
  int bias;
  bool has_infinity;  ///< E5M2 is IEEE-like; E4M3 has finite values there and one NaN
};

inline constexpr Float8Format kE4M3 = {4, 3, 7, false};
inline constexpr Float8Format kE5M2 = {5, 2, 15, true};

/// Of the lowest eight of `bits`; exact.
inline float value_of(int bits, const Float8Format& format) {
  const int mantissa_range = 1 << format.mantissa_bits;
  const int exponent_limit = (1 << format.exponent_bits) - 1;
  const float sign = (bits & 0x80) != 0 ? -1.0F : 1.0F;
  const int exponent = (bits >> format.mantissa_bits) & exponent_limit;
  const int mantissa = bits & (mantissa_range - 1);
  const bool is_last = exponent == exponent_limit;
  if (is_last && format.has_infinity && mantissa == 0) return sign * std::numeric_limits<float>::infinity();
  if (is_last && (format.has_infinity || mantissa == mantissa_range - 1)) {
    return std::numeric_limits<float>::quiet_NaN();
  }
  const float fraction = static_cast<float>(mantissa) / static_cast<float>(mantissa_range);
  if (exponent == 0) return sign * std::ldexp(fraction, 1 - format.bias);
  return sign * std::ldexp(1.0F + fraction, exponent - format.bias);
}

}  // namespace longtake
