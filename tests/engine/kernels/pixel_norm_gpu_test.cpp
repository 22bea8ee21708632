#include "rank/engine/kernels/pixel_norm.h"

#include <gtest/gtest.h>

#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

/// Pixels, channels, type.
using Case = std::tuple<std::int64_t, std::int64_t, at::ScalarType>;

class PixelNormOnGpu : public testing::TestWithParam<Case> {
 protected:
  std::int64_t channels() const { return std::get<1>(GetParam()); }
  at::ScalarType type() const { return std::get<2>(GetParam()); }
  at::Tensor pixels(std::uint64_t seed) const {
    return normal_numbers(seed, {std::get<0>(GetParam()), channels()}, type());
  }
  at::Tensor bias() const { return normal_numbers(2, {channels()}, type()); }
  at::Tensor gain() const { return normal_numbers(3, {channels()}, type()).add_(10); }
};

TEST_P(PixelNormOnGpu, NormsAsTheCpuDoes) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  for (const at::Tensor& bias : {this->bias(), at::Tensor()}) {
    const at::Tensor exact = at::empty(pixels(1).sizes()), x = pixels(1).cuda(), out = at::empty_like(x);
    const at::Tensor wide_bias = bias.defined() ? bias.to(at::kFloat) : bias;
    normed_silu_into(exact, pixels(1).to(at::kFloat), wide_bias, gain().to(at::kFloat));
    normed_silu_into(out, x, bias.defined() ? bias.cuda() : bias, gain().cuda());
    EXPECT_LT(distance(out, exact), 2 * rounding_of(type()));
  }
}

TEST_P(PixelNormOnGpu, OfZerosIsZero) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor x = at::zeros_like(pixels(1)).cuda(), out = at::full_like(x, 3);
  normed_silu_into(out, x, {}, gain().cuda());
  EXPECT_TRUE((out == 0).all().item<bool>());
}

/// Pixels without whole octets go this way on a GPU too.
TEST_P(PixelNormOnGpu, OfZerosIsZeroInTheTwin) {
  const at::Tensor x = at::zeros_like(pixels(1)), out = at::full_like(x, 3);
  normed_silu_into(out, x, {}, gain());
  EXPECT_TRUE((out == 0).all().item<bool>());
}

TEST_P(PixelNormOnGpu, AddsABiasAndMore) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  for (const at::Tensor& plus : {pixels(5), at::Tensor()}) {
    const at::Tensor exact = pixels(1).to(at::kDouble), x = pixels(1).cuda();
    add_bias_(exact, bias().to(at::kDouble), plus.defined() ? plus.to(at::kDouble) : plus);
    add_bias_(x, bias().cuda(), plus.defined() ? plus.cuda() : plus);
    EXPECT_LT(distance(x, exact), rounding_of(type()));
  }
}

// The published VAE's channels, the bundled one's, some without whole octets, and a last block that is not
// full.
INSTANTIATE_TEST_SUITE_P(Shapes, PixelNormOnGpu,
                         testing::Combine(testing::Values(1, 450, 7001), testing::Values(8, 12, 96, 192, 384),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

}  // namespace
}  // namespace longtake
