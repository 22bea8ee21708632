#include "rank/meeting_place.h"

#include <gtest/gtest.h>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

TEST(MeetingPlace, MakesTheParentForItsOwnerOnlyAndLeavesTheFolderToTheEngines) {
  const fs::path run = temp_path("meet");
  MeetingPlace place;
  place.go_to(run / "1");
  EXPECT_EQ(fs::status(run).permissions(), fs::perms::owner_all);
  EXPECT_FALSE(fs::exists(run / "1"));
}

TEST(MeetingPlace, TakesTheFolderOfTheAttemptBeforeAwayButNotTheParentOthersMeetIn) {
  const fs::path run = temp_path("meet");
  MeetingPlace place;
  place.go_to(run / "1");
  fs::create_directories(run / "1" / "socket");
  place.go_to(run / "2");
  EXPECT_FALSE(fs::exists(run / "1"));
  EXPECT_TRUE(fs::exists(run));
}

TEST(MeetingPlace, LeavesNothingWhenTheLastRankEnds) {
  const fs::path run = temp_path("meet");
  {
    MeetingPlace one;
    MeetingPlace other;
    one.go_to(run / "1");
    other.go_to(run / "1");
    fs::create_directories(run / "1");
  }
  EXPECT_FALSE(fs::exists(run));
}

TEST(MeetingPlace, LeavesTheParentWhileOthersMeet) {
  const fs::path run = temp_path("meet");
  MeetingPlace other;
  other.go_to(run / "2");
  fs::create_directories(run / "2");
  { MeetingPlace().go_to(run / "1"); }
  EXPECT_TRUE(fs::exists(run / "2"));
}

TEST(MeetingPlace, OfAnEngineThatWorksAloneIsNowhere) {
  MeetingPlace place;
  EXPECT_NO_THROW(place.go_to(""));
}

TEST(MeetingPlace, ThatCannotBeMadeIsNamed) {
  MeetingPlace place;
  try {
    place.go_to("/proc/no/such/1");
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("/proc/no/such"), std::string::npos);
  }
}

}  // namespace
}  // namespace longtake
