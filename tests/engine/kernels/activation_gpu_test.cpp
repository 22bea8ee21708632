#include "rank/engine/kernels/activation.h"

#include <gtest/gtest.h>

#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

class GeluOnGpu : public testing::TestWithParam<at::ScalarType> {};

TEST_P(GeluOnGpu, EqualsTheCpus) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  for (const auto& shape : {std::vector<std::int64_t>{3, 13824}, {1, 8}, {5, 7}}) {
    const at::Tensor x = normal_numbers(1, shape, GetParam()).mul_(4), exact = x.to(at::kFloat);
    const at::Tensor result = x.cuda();
    gelu_(exact);
    gelu_(result);
    EXPECT_LT(distance(result, exact), rounding_of(GetParam())) << shape[1];
  }
}

TEST_P(GeluOnGpu, EndsInZeroAndInTheNumberItself) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const at::Tensor x = at::full({1, 8}, 100, at::TensorOptions(at::kCUDA)).to(GetParam());
  gelu_(x);
  EXPECT_TRUE((x == 100).all().item<bool>());
  x.fill_(-100);
  gelu_(x);
  EXPECT_TRUE((x == 0).all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Types, GeluOnGpu, testing::Values(at::kFloat, at::kBFloat16, at::kHalf));

}  // namespace
}  // namespace longtake
