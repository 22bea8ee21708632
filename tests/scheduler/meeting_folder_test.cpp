#include "scheduler/meeting_folder.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

TEST(MeetingFolder, HasAnotherNameForEveryRunShortEnoughForSockets) {
  const MeetingFolder one, other;
  EXPECT_NE(one.path(), other.path());
  EXPECT_LT(one.path().size(), 60U);
  EXPECT_FALSE(fs::exists(one.path())) << "ranks make it when they need it";
}

TEST(MeetingFolder, IsRemovedWithWhatIsInItAtTheEndOfTheRun) {
  std::string path;
  {
    const MeetingFolder folder;
    path = folder.path();
    fs::create_directories(path + "/7");
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(MeetingFolder, RemovesNothingThatIsNoMeetingFolder) {
  const fs::path folder = temp_path("precious");
  fs::create_directories(folder);
  const MeetingFolder meetings;
  for (const std::string& path : {folder.string(), std::string(), meetings.path() + "/../" + folder.string(),
                                  std::string("/tmp/longtake-meet-")}) {
    remove_meeting_folder(path);
  }
  EXPECT_TRUE(fs::exists(folder));
  fs::remove(folder);
}

}  // namespace
}  // namespace longtake
