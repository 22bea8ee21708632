#include "rank/engine/sampling/flow_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/error.h"
#include "rank/engine/sampling/guidance.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

constexpr const char* kRollout = "dit_rollout.safetensors";

std::vector<float> values_of(const std::string& name) {
  const at::Tensor tensor = reference_tensor(kRollout, name).contiguous();
  return {tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel()};
}

TEST(FlowSchedule, IsThePublishedOne) {
  const std::vector<float> timesteps = values_of("timesteps");
  const FlowSchedule schedule = flow_schedule(static_cast<std::int64_t>(timesteps.size()), false);
  EXPECT_THAT(schedule.sigmas, testing::Pointwise(testing::FloatEq(), values_of("sigmas")));
  EXPECT_THAT(schedule.timesteps, testing::Pointwise(testing::FloatEq(), timesteps));
}

TEST(FlowSchedule, FallsFromOneToZeroInAnyNumberOfSteps) {
  for (std::int64_t steps = 1; steps <= 50; ++steps) {
    const FlowSchedule schedule = flow_schedule(steps, false);
    ASSERT_EQ(schedule.steps(), steps);
    ASSERT_EQ(schedule.sigmas.size(), static_cast<std::size_t>(steps) + 1);
    EXPECT_EQ(schedule.sigmas.front(), 1.0F);
    EXPECT_EQ(schedule.sigmas.back(), 0.0F);
    EXPECT_TRUE(std::is_sorted(schedule.sigmas.rbegin(), schedule.sigmas.rend())) << steps;
  }
}

TEST(FlowSchedule, FoldingLeavesOutTheLastLevelOnly) {
  const FlowSchedule whole = flow_schedule(4, false);
  const FlowSchedule folded = flow_schedule(4, true);
  EXPECT_EQ(folded.sigmas, (std::vector<float>{whole.sigmas[0], whole.sigmas[1], whole.sigmas[2], 0.0F}));
  EXPECT_NEAR(folded.sigmas[2], 0.6022, 1e-4);
  EXPECT_EQ(folded.steps(), 3);
}

TEST(FlowSchedule, RefusesTooFewSteps) {
  EXPECT_THROW(flow_schedule(0, false), Error);
  EXPECT_THROW(flow_schedule(1, true), Error);
  EXPECT_NO_THROW(flow_schedule(1, false));
}

TEST(FlowSchedule, AnEulerStepIsThePublishedOne) {
  const FlowSchedule schedule =
      flow_schedule(static_cast<std::int64_t>(values_of("timesteps").size()), false);
  const at::Tensor before = reference_tensor(kRollout, "latent.0.0.0");
  const at::Tensor velocity = reference_tensor(kRollout, "velocity.0.0.1");
  EXPECT_LT(
      relative_error(euler_step(schedule, 1, before, velocity), reference_tensor(kRollout, "latent.0.0.1")),
      1e-6);
}

TEST(Guidance, NeedsTheNullPromptOnlyWhereItChangesSomething) {
  EXPECT_FALSE(needs_null_prompt(0));
  EXPECT_FALSE(needs_null_prompt(1));
  EXPECT_TRUE(needs_null_prompt(4.5));
}

TEST(Guidance, MovesAwayFromTheNullPrompt) {
  const at::Tensor prompted = at::full({2}, 3.0F), unprompted = at::full({2}, 1.0F);
  EXPECT_TRUE(at::equal(guided_velocity(prompted, unprompted, 4.5), at::full({2}, 10.0F)));
  EXPECT_TRUE(at::equal(guided_velocity(prompted, unprompted, 1), prompted));
}

}  // namespace
}  // namespace longtake
