#include "rank/engine/e4m3.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "rank/engine/float8.h"

namespace longtake {
namespace {

constexpr int kNan = 0x7F;

/// Of 0 to the largest. Below 2^-6 the values lie 2^-9 apart; from there on they are floats of 3 bits of
/// mantissa, whose 20 lowest are rounded off.
int bits_of(float magnitude) {
  constexpr float kLeastNormal = 1.0F / 64, kStepsPerOne = 512;
  if (magnitude < kLeastNormal) return static_cast<int>(std::nearbyint(magnitude * kStepsPerOne));
  std::uint32_t bits = 0;
  std::memcpy(&bits, &magnitude, sizeof bits);
  constexpr std::uint32_t kDropped = 20, kBiasDifference = 127 - 7;
  bits += (1U << (kDropped - 1)) - 1 + ((bits >> kDropped) & 1U);
  return static_cast<int>((bits >> kDropped) - (kBiasDifference << 3));
}

}  // namespace

std::uint8_t e4m3_of(float number) {
  const int sign = std::signbit(number) ? 0x80 : 0;
  if (std::isnan(number)) return kNan;
  return static_cast<std::uint8_t>(sign | bits_of(std::min(std::fabs(number), kLargestE4m3)));
}

const std::array<float, 256>& e4m3_values() {
  static const std::array<float, 256> values = [] {
    std::array<float, 256> table{};
    for (int bits = 0; bits < 256; ++bits) table[static_cast<std::size_t>(bits)] = value_of(bits, kE4M3);
    return table;
  }();
  return values;
}

}  // namespace longtake
