#include "rank/engine/transport/group_folder.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

class Meeting : public testing::Test {
 protected:
  ~Meeting() override { fs::remove_all(path_); }

  static void touch(const fs::path& file) { std::ofstream(file) << ""; }

  ErrorKind refusal() const {
    try {
      const GroupFolder folder(path_, 2);
      ADD_FAILURE() << "was not refused";
    } catch (const Error& e) {
      EXPECT_THAT(e.what(), testing::HasSubstr(path_.string()));
      return e.kind();
    }
    return ErrorKind::Bug;
  }

  const fs::path path_ = temp_path("meeting");
};

TEST_F(Meeting, IsClosedToOthers) {
  const GroupFolder folder(path_, 2);
  EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_all);
  EXPECT_EQ(folder.sockets(), (std::vector<fs::path>{path_ / "0", path_ / "1"}));
}

TEST_F(Meeting, TheLastToLeaveTakesTheFolderAway) {
  std::optional<GroupFolder> one(std::in_place, path_, 2);
  std::optional<GroupFolder> other(std::in_place, path_, 2);
  touch(path_ / "0");
  touch(path_ / "1");
  one->is_over();
  other->is_over();
  fs::remove(path_ / "0");
  one.reset();
  EXPECT_TRUE(fs::exists(path_ / "1"));
  fs::remove(path_ / "1");
  other.reset();
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(Meeting, WhoeverIsLeftClearsAwayAfterTheDead) {
  std::optional<GroupFolder> survivor(std::in_place, path_, 3);
  for (const char* socket : {"0", "1", "2"}) touch(path_ / socket);
  survivor.reset();
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(Meeting, RefusesAFolderThatOthersMayEnter) {
  fs::create_directory(path_);
  fs::permissions(path_, fs::perms::owner_all | fs::perms::others_read | fs::perms::others_exec);
  EXPECT_EQ(refusal(), ErrorKind::InvalidInput);
  EXPECT_TRUE(fs::exists(path_));
}

TEST_F(Meeting, RefusesALinkToAFolder) {
  fs::create_directory(path_.string() + "-elsewhere");
  fs::create_directory_symlink(path_.string() + "-elsewhere", path_);
  EXPECT_EQ(refusal(), ErrorKind::InvalidInput);
}

TEST_F(Meeting, SaysWhenThereIsNoPlaceForIt) {
  try {
    const GroupFolder folder(path_ / "deeper", 2);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Io);
    EXPECT_THAT(e.what(), testing::HasSubstr((path_ / "deeper").string()));
  }
}

}  // namespace
}  // namespace longtake
