#include "rank/launch/start_deadline.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(StartLimit, IsWhatTheVariableSays) {
  EXPECT_EQ(start_limit_s(nullptr), 30U);
  EXPECT_EQ(start_limit_s("1"), 1U);
  EXPECT_EQ(start_limit_s("120"), 120U);
}

TEST(StartLimit, IsNothingElse) {
  for (const char* bad : {"", "0", "-5", "3601", "10s", "soon"}) {
    EXPECT_THAT([bad] { start_limit_s(bad); },
                ThrowsMessage<Error>(AllOf(HasSubstr("LONGTAKE_START_LIMIT_S is '" + std::string(bad) + "'"),
                                           HasSubstr("from 1 to 3600"))));
  }
}

TEST(StartDeadline, EndsAProcessThatWaitsLonger) {
  EXPECT_EXIT(
      {
        const StartDeadline deadline(75, 1);
        ::pause();
      },
      ::testing::ExitedWithCode(75), "a rank waited 1 s for the others while starting");
}

TEST(StartDeadline, IsOverWithItsObject) {
  { const StartDeadline deadline(75, 3600); }
  EXPECT_EQ(::alarm(0), 0U);
}

}  // namespace
}  // namespace longtake
