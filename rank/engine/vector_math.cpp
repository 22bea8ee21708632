#include "rank/engine/vector_math.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

// One copy of a function for each width of vectors; which one runs is decided when the program starts.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define LONGTAKE_EVERY_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LONGTAKE_EVERY_WIDTH
#endif
#define LONGTAKE_INLINE inline __attribute__((always_inline))

namespace longtake {
namespace {

constexpr std::int64_t kLanes = 16;
using Floats = float __attribute__((vector_size(kLanes * sizeof(float))));
using Ints = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

/// Values are handed over by reference: how vectors are passed depends on the width.
LONGTAKE_INLINE void load(Floats& to, const float* from, std::int64_t count) {
  std::memcpy(&to, from, static_cast<std::size_t>(count) * sizeof(float));
}

LONGTAKE_INLINE void store(float* to, const Floats& from, std::int64_t count) {
  std::memcpy(to, &from, static_cast<std::size_t>(count) * sizeof(float));
}

LONGTAKE_INLINE void fill(Floats& all, float value) {
  for (int lane = 0; lane < kLanes; ++lane) all[lane] = value;
}

/// x = exp(x) = 2^n exp(r), n whole and |r| at most ln(2) / 2; exp(r) by its Taylor series to the seventh
/// power. NaN stays NaN.
LONGTAKE_INLINE void exponentiate(Floats& x) {
  constexpr float kLeast = -87.0F, kMost = 87.0F;
  constexpr float kLog2E = 1.44269504F;
  constexpr float kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it leaves a whole number in the lowest bits
  constexpr int kMantissaBits = 23;
  Floats least, most;
  fill(least, kLeast);
  fill(most, kMost);
  x = x < least ? least : x;
  x = x > most ? most : x;
  const Floats rounded = x * kLog2E + kRounder;
  const Floats n = rounded - kRounder;
  const Floats r = (x - n * kLn2High) - n * kLn2Low;
  Floats p = r * (1.0F / 5040) + 1.0F / 720;
  p = p * r + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  x = reinterpret_cast<Floats>(reinterpret_cast<Ints>(p) +
                               (reinterpret_cast<Ints>(rounded) << kMantissaBits));
}

/// x / (1 + exp(-2 u)) is x (1 + tanh u) / 2.
LONGTAKE_INLINE void gelu(Floats& x) {
  constexpr float kMinusTwiceRoot = -1.5957691216057308F;  // -2 sqrt(2 / pi)
  constexpr float kCubic = 0.044715F;
  Floats power = (x + x * x * x * kCubic) * kMinusTwiceRoot;
  exponentiate(power);
  x = x / (power + 1.0F);
}

/// out = silu(x * gain * scale), x / (1 + exp(-x)) being SiLU.
LONGTAKE_INLINE void scaled_silu(float* out, const float* x, const float* gain, float scale,
                                 std::int64_t count) {
  Floats value, gains, power;
  fill(value, 0);
  fill(gains, 0);
  load(value, x, count);
  load(gains, gain, count);
  value = value * scale * gains;
  power = -value;
  exponentiate(power);
  value = value / (power + 1.0F);
  store(out, value, count);
}

LONGTAKE_INLINE float squares_of(const float* x, std::int64_t count) {
  Floats sum, next;
  fill(sum, 0);
  const std::int64_t whole = count / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    load(next, x + i, kLanes);
    sum += next * next;
  }
  float all = 0;
  for (int lane = 0; lane < kLanes; ++lane) all += sum[lane];
  for (std::int64_t i = whole; i < count; ++i) all += x[i] * x[i];
  return all;
}

}  // namespace

LONGTAKE_EVERY_WIDTH float largest_of(const float* x, std::int64_t count) {
  Floats largest, next;
  fill(largest, -std::numeric_limits<float>::infinity());
  const std::int64_t whole = count / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    load(next, x + i, kLanes);
    largest = next > largest ? next : largest;
  }
  float all = largest[0];
  for (int lane = 1; lane < kLanes; ++lane) all = std::max(all, largest[lane]);
  for (std::int64_t i = whole; i < count; ++i) all = std::max(all, x[i]);
  return all;
}

LONGTAKE_EVERY_WIDTH float exponentials_of(float* x, std::int64_t count, float largest) {
  Floats sum, next;
  fill(sum, 0);
  const std::int64_t whole = count / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    load(next, x + i, kLanes);
    next -= largest;
    exponentiate(next);
    store(x + i, next, kLanes);
    sum += next;
  }
  float all = 0;
  for (int lane = 0; lane < kLanes; ++lane) all += sum[lane];
  if (whole == count) return all;
  fill(next, largest);
  load(next, x + whole, count - whole);
  next -= largest;
  exponentiate(next);
  store(x + whole, next, count - whole);
  for (std::int64_t i = whole; i < count; ++i) all += x[i];
  return all;
}

LONGTAKE_EVERY_WIDTH void gelu_of(float* x, std::int64_t count) {
  Floats next;
  const std::int64_t whole = count / kLanes * kLanes;
  for (std::int64_t i = 0; i < whole; i += kLanes) {
    load(next, x + i, kLanes);
    gelu(next);
    store(x + i, next, kLanes);
  }
  if (whole == count) return;
  fill(next, 0);
  load(next, x + whole, count - whole);
  gelu(next);
  store(x + whole, next, count - whole);
}

LONGTAKE_EVERY_WIDTH void normed_silu_of(float* out, const float* x, const float* gain, std::int64_t rows,
                                         std::int64_t width) {
  constexpr float kShortest = 1e-12F;  // what torch.nn.functional.normalize divides by at least
  const std::int64_t whole = width / kLanes * kLanes;
  for (std::int64_t row = 0; row < rows; ++row, x += width, out += width) {
    const float scale = 1.0F / std::max(std::sqrt(squares_of(x, width)), kShortest);
    for (std::int64_t i = 0; i < whole; i += kLanes) scaled_silu(out + i, x + i, gain + i, scale, kLanes);
    if (whole < width) scaled_silu(out + whole, x + whole, gain + whole, scale, width - whole);
  }
}

}  // namespace longtake
