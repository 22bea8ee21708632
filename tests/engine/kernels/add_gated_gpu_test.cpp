#include "rank/engine/kernels/add_gated.h"

#include <gtest/gtest.h>

#include "tests/engine/gpu/skip_without_gpu.h"

namespace longtake {
namespace {

/// Tokens, width, numbers.
using Case = std::tuple<std::int64_t, std::int64_t, at::ScalarType>;

class AddGated : public testing::TestWithParam<Case> {};

TEST_P(AddGated, EqualsItsTwin) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto [tokens, width, type] = GetParam();
  at::manual_seed(1);
  const at::Tensor hidden = at::randn({tokens, width}).to(type).cuda();
  const at::Tensor out = at::randn({tokens, width}).to(type).cuda();
  const at::Tensor gate = at::randn({width}).cuda();
  const at::Tensor expected = hidden.clone();
  kernels::add_gated_twin_(expected, out, gate);
  kernels::add_gated_(hidden, out, gate);
  // The GPU may fuse the product and the sum: the last bit of the stored type.
  EXPECT_TRUE(
      at::allclose(hidden.to(at::kFloat), expected.to(at::kFloat), type == at::kFloat ? 1e-6 : 1e-2, 1e-5));
}

INSTANTIATE_TEST_SUITE_P(Shapes, AddGated,
                         testing::Combine(testing::Values(1, 7, 4500), testing::Values(1, 257, 5120),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

}  // namespace
}  // namespace longtake
