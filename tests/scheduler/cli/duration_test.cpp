#include "scheduler/cli/duration.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Duration, IsReadInItsUnits) {
  EXPECT_EQ(duration_s("45s"), 45);
  EXPECT_EQ(duration_s("7h30m"), 27'000);
  EXPECT_EQ(duration_s("1d2h"), 93'600);
  EXPECT_EQ(duration_s("1d1h1m1s"), 90'061);
  EXPECT_EQ(duration_s("0s"), 0);
}

TEST(Duration, IsNothingElse) {
  for (const char* text : {"", "7", "h", "-1h", "1.5h", "30m7h", "7h ", "soon"}) {
    EXPECT_EQ(duration_s(text), std::nullopt) << text;
  }
}

TEST(EndReserve, IsADurationOfAtLeastTheDefault) {
  EXPECT_EQ(end_reserve_ms_of(""), 10'000);
  EXPECT_EQ(end_reserve_ms_of("3m"), 180'000);
  EXPECT_EQ(end_reserve_ms_of("1s"), 10'000);
  EXPECT_THAT([] { end_reserve_ms_of("late"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("--end-reserve 'late'"), HasSubstr("3m"))));
}

TEST(DrainTime, IsADuration) {
  EXPECT_EQ(drain_ms_of(""), 20'000);
  EXPECT_EQ(drain_ms_of("2m"), 120'000);
  EXPECT_EQ(drain_ms_of("0s"), 0);
  EXPECT_THAT([] { drain_ms_of("soon"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("--drain-time 'soon'"), HasSubstr("20s"))));
}

}  // namespace
}  // namespace longtake
