#include "rank/engine/sampling/guidance.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(Guidance, NeedsTheNullPromptWhereItsAnswerCounts) {
  EXPECT_FALSE(needs_null_prompt(0));
  EXPECT_FALSE(needs_null_prompt(1));
  EXPECT_TRUE(needs_null_prompt(0.5));
  EXPECT_TRUE(needs_null_prompt(4.5));
}

TEST(Guidance, GoesFromTheNullPromptsVelocityBeyondThePrompts) {
  const at::Tensor prompted = at::tensor({3.0F, 1.0F});
  const at::Tensor unprompted = at::tensor({1.0F, 2.0F});
  EXPECT_TRUE(at::equal(guided_velocity(prompted, unprompted, 1), prompted));
  EXPECT_TRUE(at::equal(guided_velocity(prompted, unprompted, 0), unprompted));
  EXPECT_TRUE(at::equal(guided_velocity(prompted, unprompted, 4.5), at::tensor({10.0F, -2.5F})));
}

}  // namespace
}  // namespace longtake
