#include "scheduler/preparing_desk.h"

#include <gmock/gmock.h>

#include <fstream>
#include <optional>

#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

class PreparingDesks : public testing::Test {
 protected:
  PreparingDesks() {
    fs::remove_all(work_dir_.root());
    fs::create_directories(work_dir_.root());
  }

  /// What a start leaves that was killed: its files, and a lock that nobody holds.
  fs::path abandoned_desk() const {
    const fs::path desk = work_dir_.root() / "preparing-killed";
    fs::create_directories(desk / "jobs/talk");
    std::ofstream(desk / "jobs/talk/speech.f32") << "sound";
    std::ofstream(desk / "lock").flush();
    return desk;
  }

  WorkDir work_dir_{temp_path("desks")};
};

TEST_F(PreparingDesks, OfKilledStartsAreRemovedByTheNext) {
  const fs::path desk = abandoned_desk();
  remove_abandoned_desks(work_dir_);
  EXPECT_FALSE(fs::exists(desk));
}

TEST_F(PreparingDesks, AtWhichSomebodySitsStay) {
  std::optional<PreparingDesk> desk(std::in_place, work_dir_);
  const fs::path folder = desk->folder().root();
  remove_abandoned_desks(work_dir_);
  EXPECT_TRUE(fs::is_directory(folder));
  desk.reset();
  EXPECT_FALSE(fs::exists(folder));
}

TEST_F(PreparingDesks, WithoutALockStayForDays) {
  const fs::path desk = abandoned_desk();
  fs::remove(desk / "lock");
  remove_abandoned_desks(work_dir_);
  EXPECT_TRUE(fs::exists(desk));
  fs::last_write_time(desk, fs::file_time_type::clock::now() - std::chrono::hours(73));
  remove_abandoned_desks(work_dir_);
  EXPECT_FALSE(fs::exists(desk));
}

TEST_F(PreparingDesks, OtherFoldersAreLeftAlone) {
  fs::create_directories(work_dir_.root() / "jobs");
  std::ofstream(work_dir_.root() / "jobs/lock").flush();
  remove_abandoned_desks(work_dir_);
  EXPECT_TRUE(fs::exists(work_dir_.root() / "jobs"));
}

}  // namespace
}  // namespace longtake
