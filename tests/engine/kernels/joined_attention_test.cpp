#include "rank/engine/kernels/joined_attention.h"

#include <gtest/gtest.h>

#include "jobs/error.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

AttentionPart among(const at::Tensor& scores_HLS, const at::Tensor& v_HSK) {
  return {at::matmul(at::softmax(scores_HLS, -1), v_HSK).transpose(0, 1).contiguous(),
          at::logsumexp(scores_HLS, -1)};
}

constexpr std::int64_t kHeads = 3, kQueries = 5, kKeys = 11, kWidth = 8;

TEST(JoinAttention, IsWhatAllKeysTogetherGive) {
  for (const double strength : {1.0, 60.0}) {  // with the second, exponentials alone would overflow
    const at::Tensor scores_HLS = normal_numbers(1, {kHeads, kQueries, kKeys}) * strength;
    const at::Tensor v_HSK = normal_numbers(2, {kHeads, kKeys, kWidth});
    std::vector<AttentionPart> parts;
    for (const auto& [first, count] : {std::pair(0, 6), std::pair(6, 1), std::pair(7, 4)}) {
      parts.push_back(among(scores_HLS.narrow(2, first, count), v_HSK.narrow(1, first, count)));
    }
    const at::Tensor out_LHK = at::empty({kQueries, kHeads, kWidth});
    join_attention(out_LHK, parts);
    EXPECT_LT(distance(out_LHK, among(scores_HLS, v_HSK).found_LHK), 1e-5) << strength;
  }
}

TEST(JoinAttention, WritesTheQueriesOfItsSliceOnly) {
  const at::Tensor out_LHK = at::zeros({kQueries, kHeads, kWidth});
  const at::Tensor ones_LHK = at::ones({2, kHeads, kWidth}), sum_HL = at::zeros({kHeads, 2});
  join_attention(out_LHK.narrow(0, 1, 2), {{ones_LHK, sum_HL}, {ones_LHK * 3, sum_HL}});
  EXPECT_TRUE(at::equal(out_LHK.select(2, 0).select(1, 0), at::tensor({0.F, 2.F, 2.F, 0.F, 0.F})));
}

TEST(JoinAttention, RefusesMorePartsThanItsKernelHolds) {
  const at::Tensor out_LHK = at::zeros({kQueries, kHeads, kWidth});
  const std::vector<AttentionPart> many(kMostAttentionParts + 1, {out_LHK, at::zeros({kHeads, kQueries})});
  EXPECT_THROW(join_attention(out_LHK, many), Error);
}

}  // namespace
}  // namespace longtake
