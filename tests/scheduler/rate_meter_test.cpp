#include "scheduler/rate_meter.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

constexpr std::int64_t kStart_ms = 1'700'000'000'000;

TEST(RateMeter, IsZeroUntilSomethingWasMade) { EXPECT_EQ(RateMeter().frames_per_second(kStart_ms), 0); }

TEST(RateMeter, TellsASteadyRate) {
  RateMeter meter;
  for (int second = 0; second <= 300; ++second) meter.add(25, kStart_ms + 1000 * second);
  EXPECT_DOUBLE_EQ(meter.frames_per_second(kStart_ms + 300'000), 25.0);
}

TEST(RateMeter, ForgetsWhatIsOlderThanAMinute) {
  RateMeter meter;
  meter.add(6000, kStart_ms);
  EXPECT_DOUBLE_EQ(meter.frames_per_second(kStart_ms + 59'999), 6000 / 59.999);
  EXPECT_DOUBLE_EQ(meter.frames_per_second(kStart_ms + 60'000), 0);
  meter.add(600, kStart_ms + 600'000);
  EXPECT_DOUBLE_EQ(meter.frames_per_second(kStart_ms + 600'000), 10.0);
}

TEST(RateMeter, DoesNotExplodeInTheFirstSecond) {
  RateMeter meter;
  meter.add(12, kStart_ms);
  EXPECT_DOUBLE_EQ(meter.frames_per_second(kStart_ms), 12.0);
  meter.add(12, kStart_ms + 1);
  EXPECT_DOUBLE_EQ(meter.frames_per_second(kStart_ms + 1), 24.0);
}

TEST(RateMeter, WorksFromTheEpochOn) {
  RateMeter meter;
  meter.add(12, 0);
  EXPECT_DOUBLE_EQ(meter.frames_per_second(0), 12.0);
}

}  // namespace
}  // namespace longtake
