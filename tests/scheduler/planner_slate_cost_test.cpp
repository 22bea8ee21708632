#include <gtest/gtest.h>

#include "scheduler/planner/slate_cost.h"

namespace longtake {
namespace {

TEST(SlateMemory, IsTheSumOfItsComponents) {
  const StageMemory memory = slate_memory({384, 704}, 48);
  std::int64_t sum = 0;
  for (const ComponentBytes& part : memory.components) {
    EXPECT_GT(part.bytes, 0) << part.component;
    sum += part.bytes;
  }
  EXPECT_EQ(memory.total_bytes(), sum);
  EXPECT_EQ(memory.components.size(), 5u);
}

TEST(SlateMemory, GrowsWithTheFrame) {
  EXPECT_GT(slate_memory({768, 704}, 48).total_bytes(), slate_memory({384, 704}, 48).total_bytes());
}

TEST(SlateSpeed, IsInverseToTheFrame) {
  Profile profile;
  profile.slate_megapixels_per_s = 40;
  EXPECT_DOUBLE_EQ(slate_frames_per_second(profile, {1000, 1000}), 40);
  EXPECT_DOUBLE_EQ(slate_frames_per_second(profile, {500, 1000}), 80);
}

TEST(SlateLayout, HasOneStageWithoutAModel) {
  EXPECT_EQ(slate_layout().ranks(), 1);
  EXPECT_TRUE(slate_layout().stages[0].layers.is_empty());
  EXPECT_EQ(name_of(LayoutKind::LayersSteps), "layers_steps");
}

}  // namespace
}  // namespace longtake
