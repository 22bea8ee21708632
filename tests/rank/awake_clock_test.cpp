#include "rank/awake_clock.h"

#include <gtest/gtest.h>

#include "rank/rank_core.h"

namespace longtake {
namespace {

TEST(AwakeClock, GoesAsTheClockDoesWhileTheProcessRuns) {
  AwakeClock clock;
  const std::int64_t begin_ms = clock.now_ms(5'000'000);
  EXPECT_EQ(clock.now_ms(5'000'100) - begin_ms, 100);
  EXPECT_EQ(clock.now_ms(5'000'900) - begin_ms, 900);
}

TEST(AwakeClock, LeavesOutTheTimeInWhichTheProcessWasStopped) {
  AwakeClock clock;
  const std::int64_t begin_ms = clock.now_ms(0);
  EXPECT_EQ(clock.now_ms(3'600'000) - begin_ms, AwakeClock::kLongestStep_ms);
  EXPECT_EQ(clock.now_ms(3'600'100) - begin_ms, AwakeClock::kLongestStep_ms + 100);
}

TEST(AwakeClock, ARankThatWasStoppedForAnHourDoesNotTakeItsSchedulerForDead) {
  AwakeClock clock;
  RankCore core(RankHardware{RankId{3}, "node", 1, 0, 1, {}}, {});
  core.on_start(clock.now_ms(0));
  for (const RankAction& action : core.on_tick(clock.now_ms(3'600'000))) {
    EXPECT_FALSE(std::holds_alternative<Leave>(action));
  }
  std::vector<RankAction> last;
  for (std::int64_t ms = 100; ms <= kSchedulerSilence_ms; ms += 100) {
    last = core.on_tick(clock.now_ms(3'600'000 + ms));
    if (!last.empty() && std::holds_alternative<Leave>(last.back())) break;
  }
  ASSERT_FALSE(last.empty());
  EXPECT_TRUE(std::holds_alternative<Leave>(last.back())) << "a dead scheduler is noticed all the same";
}

}  // namespace
}  // namespace longtake
