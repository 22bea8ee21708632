#include "scheduler/room_watch.h"

#include <gtest/gtest.h>

#include "tests/temp_path.h"

namespace longtake {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

/// A disk that is asked once a second.
class FakeDisk {
 public:
  bool has_room_after(std::int64_t seconds) {
    bool has_room = false;
    for (std::int64_t s = 0; s < seconds && !has_room; ++s) has_room = watch_.has_room_again(now_ms_ += 1000);
    return has_room;
  }

  std::int64_t free_bytes = 0;
  bool can_write = false;
  int trials = 0;

 private:
  std::int64_t now_ms_ = 1'000'000;
  RoomWatch watch_{{[this] { return free_bytes; },
                    [this] {
                      ++trials;
                      return can_write;
                    }}};
};

TEST(RoomWatch, GoesOnWhenTheFileSystemHasMoreRoom) {
  FakeDisk disk;
  disk.free_bytes = 3 * kMiB;
  EXPECT_FALSE(disk.has_room_after(30));
  disk.free_bytes = 5 * kMiB;
  EXPECT_TRUE(disk.has_room_after(1));
  EXPECT_EQ(disk.trials, 0);
}

TEST(RoomWatch, DoesNotFillWhatIsLeftOfAFullFileSystem) {
  FakeDisk disk;
  disk.free_bytes = 20 * kMiB;
  disk.can_write = true;
  EXPECT_FALSE(disk.has_room_after(300));
  EXPECT_EQ(disk.trials, 0);
}

TEST(RoomWatch, SeesByTryingThatAQuotaHasRoomAgain) {
  FakeDisk disk;
  disk.free_bytes = 100'000 * kMiB;
  EXPECT_FALSE(disk.has_room_after(60));
  EXPECT_LE(disk.trials, 6);
  disk.can_write = true;
  EXPECT_TRUE(disk.has_room_after(11));
}

TEST(RoomWatch, LeavesNothingBehindWhenItTries) {
  const std::filesystem::path folder = temp_path("room");
  std::filesystem::create_directories(folder);
  const DiskQuestions disk = questions_for(folder);
  EXPECT_GT(disk.free_bytes(), 0);
  EXPECT_TRUE(disk.can_write());
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  EXPECT_FALSE(questions_for(folder / "missing").can_write());
}

}  // namespace
}  // namespace longtake
