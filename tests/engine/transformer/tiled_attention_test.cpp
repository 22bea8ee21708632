#include "rank/engine/transformer/tiled_attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/engine/reference.h"

namespace longtake {
namespace {

at::Tensor tokens(std::int64_t count) { return at::randn({1, count, 2, 8}); }

/// By the formula.
AttentionFound among(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK, const at::Tensor& v_BSHK) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(q_BLHK.size(3)));
  const at::Tensor scores_BHLS = at::matmul(q_BLHK.transpose(1, 2), k_BSHK.permute({0, 2, 3, 1})) * scale;
  const at::Tensor found_BHLK = at::matmul(at::softmax(scores_BHLS, -1), v_BSHK.transpose(1, 2));
  return {found_BHLK.transpose(1, 2).contiguous(), at::logsumexp(scores_BHLS, -1)};
}

struct Call {
  std::int64_t parts, queries, keys;  ///< of a part
  bool operator==(const Call& other) const {
    return parts == other.parts && queries == other.queries && keys == other.keys;
  }
};

/// The calls that attention_by_tiles() makes, whose result is to be that of one.
std::vector<Call> calls_of(std::int64_t queries, std::int64_t keys) {
  at::manual_seed(7);
  const at::Tensor q = tokens(queries);
  // A ring that is not full: more rows than are seen.
  const at::Tensor k = tokens(keys + 5).narrow(1, 0, keys), v = tokens(keys + 5).narrow(1, 0, keys);
  std::vector<Call> calls;
  const at::Tensor out = attention_by_tiles(q, k, v, [&](const auto& q_, const auto& k_, const auto& v_) {
    calls.push_back({q_.size(0), q_.size(1), k_.size(1)});
    return among(q_, k_, v_);
  });
  EXPECT_TRUE(out.is_contiguous());
  EXPECT_LT(relative_error(out, among(q, k, v).found_BLHK), 1e-5);
  return calls;
}

TEST(AttentionByTiles, TakesTheLastKeysApart) {
  EXPECT_TRUE((calls_of(72, 4250) == std::vector<Call>{{1, 72, 410}, {1, 72, 3840}}));
}

TEST(AttentionByTiles, TakesTheLastOfManyQueriesApartToo) {
  EXPECT_TRUE((calls_of(2095, 4250) == std::vector<Call>{{1, 2095, 410}, {1, 2048, 3840}, {3, 47, 1280}}));
}

TEST(AttentionByTiles, LeavesWholeTilesOfQueriesTogether) {
  EXPECT_TRUE((calls_of(2048, 4250) == std::vector<Call>{{1, 2048, 410}, {1, 2048, 3840}}));
}

TEST(AttentionByTiles, IsForManyKeysThatOrWhoseQueriesAreNotWholeTiles) {
  EXPECT_TRUE(gains_by_tiles(tokens(72), tokens(4250)));
  EXPECT_FALSE(gains_by_tiles(tokens(72), tokens(4096)));
  EXPECT_TRUE(gains_by_tiles(tokens(2095), tokens(4096)));
  EXPECT_FALSE(gains_by_tiles(tokens(2048), tokens(4096)));
  EXPECT_FALSE(gains_by_tiles(tokens(2095), tokens(3900)));
  EXPECT_FALSE(gains_by_tiles(tokens(72).repeat({2, 1, 1, 1}), tokens(4250).repeat({2, 1, 1, 1})));
}

}  // namespace
}  // namespace longtake
