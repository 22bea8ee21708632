#include "rank/engine/vector_math.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace longtake {
namespace {

// More and less than whole vectors.
const std::vector<std::int64_t> kCounts = {1, 2, 15, 16, 17, 31, 32, 100, 1000};

std::vector<float> spread(std::int64_t count, double first, double last) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double share = count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(count - 1);
    values.push_back(static_cast<float>(first + share * (last - first)));
  }
  return values;
}

TEST(VectorMath, FindsTheLargestWhereverItIs) {
  for (const std::int64_t count : kCounts) {
    for (const std::int64_t place : {std::int64_t{0}, count / 2, count - 1}) {
      std::vector<float> x(static_cast<std::size_t>(count), -7.5F);
      x[static_cast<std::size_t>(place)] = -2.25F;
      EXPECT_EQ(largest_of(x.data(), count), -2.25F) << place << " of " << count;
    }
  }
}

TEST(VectorMath, ExponentialsAreExactToSixDigitsAndSummed) {
  for (const std::int64_t count : kCounts) {
    const std::vector<float> given = spread(count, -86.0, 3.0);
    std::vector<float> x = given;
    const float sum = exponentials_of(x.data(), count, 3.0F);
    double expected_sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double expected = std::max(std::exp(-87.0), std::exp(static_cast<double>(given[i] - 3.0F)));
      EXPECT_NEAR(x[i], expected, 3e-7 * expected) << given[i];
      expected_sum += expected;
    }
    EXPECT_NEAR(sum, expected_sum, 1e-6 * expected_sum) << count;
  }
}

TEST(VectorMath, ExponentialsOfVerySmallNumbersVanish) {
  std::vector<float> x = {0.0F, -1e30F, -std::numeric_limits<float>::infinity()};
  EXPECT_EQ(exponentials_of(x.data(), 3, 0.0F), 1.0F);
  EXPECT_EQ(x[0], 1.0F);
  EXPECT_LT(x[1], 1e-37F);
  EXPECT_LT(x[2], 1e-37F);
}

TEST(VectorMath, NoNumberIsNotHidden) {
  const float none = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> x(20, 0.0F);
  x[17] = x[3] = none;
  EXPECT_EQ(largest_of(x.data(), 20), 0.0F);
  EXPECT_TRUE(std::isnan(exponentials_of(x.data(), 20, 0.0F)));
  std::vector<float> y = {none};
  gelu_of(y.data(), 1);
  EXPECT_TRUE(std::isnan(y[0]));
}

TEST(VectorMath, GeluIsItsFormula) {
  for (const std::int64_t count : kCounts) {
    const std::vector<float> given = spread(count, -30.0, 30.0);
    std::vector<float> x = given;
    gelu_of(x.data(), count);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double v = given[i];
      const double u = std::sqrt(2.0 / 3.14159265358979323846) * (v + 0.044715 * v * v * v);
      EXPECT_NEAR(x[i], 0.5 * v * (1 + std::tanh(u)), 2e-6 * std::max(0.1, std::abs(v))) << v;
    }
  }
}

TEST(VectorMath, ANumberDoesNotDependOnItsPlace) {
  const std::vector<float> given = spread(50, -20.0, 0.0);
  std::vector<float> all = given;
  exponentials_of(all.data(), 50, 0.0F);
  for (std::size_t i = 0; i < given.size(); ++i) {
    float alone = given[i];
    exponentials_of(&alone, 1, 0.0F);
    EXPECT_EQ(alone, all[i]) << i;
  }
}

TEST(VectorMath, NormedSiluIsThatOfDoubles) {
  constexpr std::int64_t kRows = 3;
  for (const std::int64_t width : kCounts) {
    const std::vector<float> x = spread(kRows * width, -9, 12), gain = spread(width, -2, 3);
    std::vector<float> out(x.size());
    normed_silu_of(out.data(), x.data(), gain.data(), kRows, width);
    for (std::int64_t row = 0; row < kRows; ++row) {
      double squares = 0;
      const auto at = [&](std::int64_t i) { return static_cast<std::size_t>(row * width + i); };
      for (std::int64_t i = 0; i < width; ++i) squares += std::pow(x[at(i)], 2);
      for (std::int64_t i = 0; i < width; ++i) {
        const double value = x[at(i)] / std::sqrt(squares) * gain[static_cast<std::size_t>(i)];
        EXPECT_NEAR(out[at(i)], value / (1 + std::exp(-value)), 1e-6 * (std::abs(value) + 1e-3)) << width;
      }
    }
  }
}

TEST(VectorMath, NormedSiluOfNothingIsNothing) {
  const std::vector<float> x(20, 0.0F), gain(20, 1.0F);
  std::vector<float> out(20, 1.0F);
  normed_silu_of(out.data(), x.data(), gain.data(), 1, 20);
  EXPECT_EQ(out, x);
}

}  // namespace
}  // namespace longtake
