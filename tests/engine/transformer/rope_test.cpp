#include "rank/engine/transformer/rope.h"
#include "rank/engine/kernels/rotary.h"

#include <gtest/gtest.h>

#include "jobs/error.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

using Positions = std::vector<std::int64_t>;

TEST(TokenGrid, CountsThe720x400SinkOfThePublishedModel) {
  const TokenGrid grid = token_grid(3, 50, 90);
  EXPECT_EQ(grid.tokens_per_frame(), 1125);
  EXPECT_EQ(grid.tokens(), 3375);
  EXPECT_EQ(sink_tokens(grid), 1125 + 1125 + 12 * 22 + 4 * 6 * 11);
}

TEST(TokenGrid, RefusesLatentsThatPatchesDoNotCover) {
  EXPECT_THROW(token_grid(3, 9, 16), Error);
  EXPECT_THROW(token_grid(3, 16, 6), Error);
  EXPECT_THROW(token_grid(0, 16, 16), Error);
}

TEST(TokenGrid, MotionStandsBeforeTheFilmSpreadOverTheGrid) {
  const std::vector<GridPositions> buckets = motion_positions(token_grid(3, 16, 24));
  ASSERT_EQ(buckets.size(), 3U);
  EXPECT_EQ(buckets[0].frames, Positions({-1}));
  EXPECT_EQ(buckets[0].rows, Positions({0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(buckets[1].frames, Positions({-3}));
  EXPECT_EQ(buckets[1].rows, Positions({0, 2, 4, 7}));
  EXPECT_EQ(buckets[2].frames, Positions({-19, -14, -9, -4}));
  EXPECT_EQ(buckets[2].rows, Positions({0, 7}));
  EXPECT_EQ(buckets[2].columns, Positions({0, 5, 11}));
}

TEST(Rope, AtTheOriginChangesNothing) {
  const at::Tensor x_THK = at::randn({1, 2, 12});
  const at::Tensor out_THK = at::empty_like(x_THK);
  rotate_into(out_THK, x_THK, rotation_TJ(GridPositions{{0}, {0}, {0}}, 12, at::kCPU));
  EXPECT_TRUE(at::equal(out_THK, x_THK));
}

TEST(Rope, ProductsDependOnDistanceOnly) {
  const at::Tensor q = at::randn({1, 1, 32}), k = at::randn({1, 1, 32});
  const auto product = [&](std::int64_t query_frame, std::int64_t key_frame) {
    const at::Tensor turned_q = at::empty_like(q), turned_k = at::empty_like(k);
    rotate_into(turned_q, q, rotation_TJ(GridPositions{{query_frame}, {3}, {2}}, 32, at::kCPU));
    rotate_into(turned_k, k, rotation_TJ(GridPositions{{key_frame}, {1}, {5}}, 32, at::kCPU));
    return (turned_q * turned_k).sum().item<float>();
  };
  EXPECT_NEAR(product(0, 7), product(20, 27), 1e-4);
  EXPECT_NEAR(product(0, 7), product(270000, 270007), 1e-4);  // three hours of film
  EXPECT_NEAR(product(-5, 2), product(0, 7), 1e-4);
}

TEST(Rope, RotatesInPlaceAndInHalves) {
  const at::Tensor x_THK = at::randn({6, 2, 12});
  const at::Tensor turn_TJ = rotation_TJ(GridPositions{{5}, {0, 1}, {0, 1, 2}}, 12, at::kCPU);
  const at::Tensor expected = at::empty_like(x_THK);
  rotate_into(expected, x_THK, turn_TJ);
  const at::Tensor half = at::empty({6, 2, 12}, at::kBFloat16);
  rotate_into(half, x_THK.to(at::kBFloat16), turn_TJ);
  EXPECT_LT(relative_error(half, expected), 1e-2);
  rotate_into(x_THK, x_THK, turn_TJ);
  EXPECT_TRUE(at::equal(x_THK, expected));
}

}  // namespace
}  // namespace longtake
