#include "rank/engine/work_times.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

using std::chrono::seconds;

TEST(WorkTimes, AMomentCountsForTheInnermostThingThatIsDone) {
  WorkTimes::Clock::time_point now;
  WorkTimes times([&] { return now; });
  now += seconds(100);
  for (int round = 0; round < 2; ++round) {
    const WorkTimes::Doing step(times, "step 1");
    now += seconds(3);
    {
      const WorkTimes::Doing waiting(times, "wait");
      now += seconds(5);
    }
    now += seconds(1);
  }
  now += seconds(50);
  const std::map<std::string, double> expected = {{"step 1", 8}, {"wait", 10}};
  EXPECT_EQ(times.seconds(), expected);
}

}  // namespace
}  // namespace longtake
