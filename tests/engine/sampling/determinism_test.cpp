#include "rank/engine/sampling/determinism.h"

#include <gtest/gtest.h>

#include <set>

namespace longtake {
namespace {

TEST(ClipNoise, IsAFunctionOfSeedPlusClip) {
  const std::vector<std::int64_t> shape = {16, 12, 8, 8};
  EXPECT_TRUE(at::equal(clip_noise(420, 3, shape), clip_noise(420, 3, shape)));
  EXPECT_TRUE(at::equal(clip_noise(420, 3, shape), clip_noise(421, 2, shape)));
  EXPECT_FALSE(at::equal(clip_noise(420, 3, shape), clip_noise(420, 4, shape)));
}

TEST(ClipNoise, IsStandardNormal) {
  const at::Tensor noise = clip_noise(420, -1, {16, 12, 32, 32});
  EXPECT_NEAR(noise.mean().item<float>(), 0.0F, 0.01F);
  EXPECT_NEAR(noise.std().item<float>(), 1.0F, 0.01F);
}

TEST(SinkDistance, TakesEveryValueOfItsIntervalAndNoOther) {
  std::set<std::int64_t> seen;
  for (std::int64_t block = 0; block < 500; ++block) {
    for (std::int64_t step = 0; step < 4; ++step) seen.insert(sink_distance(420, block, step));
  }
  EXPECT_EQ(*seen.begin(), kNearestSink);
  EXPECT_EQ(*seen.rbegin(), kFarthestSink);
  EXPECT_EQ(static_cast<std::int64_t>(seen.size()), kFarthestSink - kNearestSink + 1);
}

TEST(SinkDistance, DependsOnSeedBlockAndStep) {
  const auto row = [](std::int64_t seed, std::int64_t first_block, std::int64_t step) {
    std::vector<std::int64_t> distances;
    for (std::int64_t block = 0; block < 20; ++block)
      distances.push_back(sink_distance(seed, first_block + block, step));
    return distances;
  };
  EXPECT_EQ(row(1, 0, 0), row(1, 0, 0));
  EXPECT_NE(row(1, 0, 0), row(2, 0, 0));
  EXPECT_NE(row(1, 0, 0), row(1, 1, 0));
  EXPECT_NE(row(1, 0, 0), row(1, 0, 1));
}

}  // namespace
}  // namespace longtake
