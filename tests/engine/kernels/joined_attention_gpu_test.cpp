#include "rank/engine/kernels/joined_attention.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

/// Queries, heads, head width.
struct Sizes {
  std::int64_t queries, heads, width;
};

using Case = std::tuple<Sizes, at::ScalarType>;

class JoinAttentionOnGpu : public testing::TestWithParam<Case> {};

/// Slices of one query more on either side, as parts and as the result.
TEST_P(JoinAttentionOnGpu, EqualsTheCpus) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto& [sizes, type] = GetParam();
  const std::int64_t padded = sizes.queries + 2, queries = sizes.queries;
  for (std::uint64_t count = 1; count <= kMostAttentionParts; ++count) {
    std::vector<AttentionPart> exact_parts, parts;
    for (std::uint64_t part = 0; part < count; ++part) {
      const at::Tensor found = normal_numbers(2 * part, {padded, sizes.heads, sizes.width}, type);
      const at::Tensor sum = normal_numbers(2 * part + 1, {sizes.heads, padded}) * 20;
      exact_parts.push_back({found.to(at::kFloat).narrow(0, 1, queries), sum.narrow(1, 1, queries)});
      parts.push_back({found.cuda().narrow(0, 1, queries), sum.cuda().narrow(1, 1, queries)});
    }
    const at::Tensor exact = at::zeros({padded, sizes.heads, sizes.width});
    const at::Tensor result = exact.to(at::kCUDA, type);
    join_attention(exact.narrow(0, 1, queries), exact_parts);
    join_attention(result.narrow(0, 1, queries), parts);
    EXPECT_LT(distance(result, exact), rounding_of(type)) << count << " parts";
    EXPECT_EQ(result[0].count_nonzero().item<std::int64_t>(), 0);
    EXPECT_EQ(result[padded - 1].count_nonzero().item<std::int64_t>(), 0);
  }
}

// The 14 B model's heads, the bundled model's, and one without whole octets.
INSTANTIATE_TEST_SUITE_P(Shapes, JoinAttentionOnGpu,
                         testing::Combine(testing::Values(Sizes{1125, 40, 128}, Sizes{72, 4, 64},
                                                          Sizes{1, 1, 8}, Sizes{5, 3, 12}),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

}  // namespace
}  // namespace longtake
