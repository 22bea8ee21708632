#include "rank/engine/kernels/rotary.h"

#include <gtest/gtest.h>

#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

constexpr double kEps = 1e-6;

/// Tokens, heads, head width, type.
using Case = std::tuple<std::int64_t, std::int64_t, std::int64_t, at::ScalarType>;

class RotaryOnGpu : public testing::TestWithParam<Case> {
 protected:
  std::int64_t tokens() const { return std::get<0>(GetParam()); }
  std::int64_t heads() const { return std::get<1>(GetParam()); }
  std::int64_t head_width() const { return std::get<2>(GetParam()); }
  at::ScalarType type() const { return std::get<3>(GetParam()); }

  at::Tensor projected() const { return normal_numbers(1, {tokens(), heads() * head_width()}, type()); }
  at::Tensor weight() const { return normal_numbers(2, {heads() * head_width()}, type()).add_(1); }
  at::Tensor turn() const {
    const at::Tensor angles = normal_numbers(3, {tokens(), head_width() / 2}).mul_(100);
    return at::complex(angles.cos(), angles.sin());
  }
  std::vector<std::int64_t> by_head() const { return {tokens(), heads(), head_width()}; }

  /// The CPU's in float32, without its roundings to `type` between norm and rotation.
  at::Tensor expected() const {
    const at::Tensor x = projected().to(at::kFloat), out = at::empty(by_head());
    norm_and_rotate_into(out, x, weight().to(at::kFloat), kEps, turn());
    return out;
  }
};

TEST_P(RotaryOnGpu, NormsAndTurnsIntoACache) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor cache = at::full({tokens() + 2, heads(), head_width()}, 7, at::kCUDA).to(type());
  norm_and_rotate_into(cache.narrow(0, 1, tokens()), projected().cuda(), weight().cuda(), kEps,
                       turn().cuda());
  EXPECT_LT(distance(cache.narrow(0, 1, tokens()), expected()), rounding_of(type()));
  EXPECT_TRUE((cache[0] == 7).all().item<bool>());
  EXPECT_TRUE((cache[tokens() + 1] == 7).all().item<bool>());
}

TEST_P(RotaryOnGpu, NormsAndTurnsInPlace) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor x = projected().cuda();
  norm_and_rotate_into(x.view(by_head()), x, weight().cuda(), kEps, turn().cuda());
  EXPECT_LT(distance(x.view(by_head()), expected()), rounding_of(type()));
}

TEST_P(RotaryOnGpu, NormsWithoutTurning) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor exact = projected().to(at::kFloat), x = projected().cuda();
  rms_norm_(exact, weight().to(at::kFloat), kEps);
  rms_norm_(x, weight().cuda(), kEps);
  EXPECT_LT(distance(x, exact), rounding_of(type()));
}

TEST_P(RotaryOnGpu, TurnsWithoutNorming) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor x = projected().view(by_head()), exact = at::empty(by_head());
  const at::Tensor out = at::empty(by_head(), x.options().device(at::kCUDA));
  rotate_into(exact, x.to(at::kFloat), turn());
  rotate_into(out, x.cuda(), turn().cuda());
  EXPECT_LT(distance(out, exact), rounding_of(type()));
}

// The 14 B model's heads, the bundled one's, and heads without whole octets.
INSTANTIATE_TEST_SUITE_P(Shapes, RotaryOnGpu,
                         testing::Combine(testing::Values(1, 1125), testing::Values(4, 40),
                                          testing::Values(6, 16, 128),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

}  // namespace
}  // namespace longtake
