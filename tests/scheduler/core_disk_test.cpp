// A full disk: pause, go on, or drain.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(CoreDisk, AFullDiskPausesEverythingUntilThereIsRoom) {
  CoreRun run({make_job(1, {{8}, {8}, {8}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::DiskFull, "no room for c000000-000008.mp4");
  EXPECT_TRUE(run.core().is_waiting_for_disk());
  EXPECT_FALSE(run.has_order(0));
  EXPECT_THAT(run.core().status(run.now_ms()).paused, HasSubstr("no room for c000000-000008.mp4"));
  EXPECT_THAT(receivers_of<GenerateSegment>(run.finish(1)), IsEmpty());
  EXPECT_THAT(receivers_of<GenerateSegment>(run.wait(5000)), IsEmpty());
  EXPECT_THAT(receivers_of<GenerateSegment>(run.disk_has_room()), ElementsAre(0, 1));
  EXPECT_FALSE(run.core().is_waiting_for_disk());
  EXPECT_EQ(run.core().status(run.now_ms()).paused, "");
}

TEST(CoreDisk, AFullDiskUsesUpNoAttempt) {
  CoreLimits limits;
  limits.tries_per_segment = 1;
  limits.failures_per_group = 1;
  CoreRun run({make_job(1, {{8}})}, single_ranks(1), limits);
  run.start();
  for (int i = 0; i < 5; ++i) {
    const auto ended = changes_of<AttemptEnded>(run.fail(0, ErrorKind::DiskFull));
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].kind, ErrorKind::DiskFull);
    run.disk_has_room();
    ASSERT_TRUE(run.has_order(0));
  }
}

TEST(CoreDisk, ItIsSaidOnceWhenTheDiskIsFullAndOnceWhenItHasRoom) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  EXPECT_EQ(changes_of<EventNoted>(run.disk_full()).size(), 1U);
  EXPECT_THAT(run.disk_full().changes, IsEmpty());
  EXPECT_EQ(changes_of<EventNoted>(run.disk_has_room()).size(), 1U);
  EXPECT_THAT(run.disk_has_room().changes, IsEmpty());
}

TEST(CoreDisk, WhenThePatienceIsOverTheRunDrains) {
  CoreLimits limits;
  limits.disk_full_patience_ms = 10'000;
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(2), limits);
  run.start();
  run.fail(0, ErrorKind::DiskFull);
  run.wait(10'000);
  EXPECT_FALSE(run.core().status(run.now_ms()).is_draining);
  EXPECT_THAT(receivers_of<FinishAttempt>(run.wait(1)), ElementsAre(1));
  EXPECT_EQ(run.exit_code(), std::nullopt);
  run.give_up(1);
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_THAT(run.end_message(), HasSubstr("the disk stayed full"));
}

TEST(CoreDisk, ARankLostWhileThePatienceEndsIsSavedToo) {
  CoreLimits limits;
  limits.disk_full_patience_ms = 1000;
  CoreRun run({make_job(1, {{8}})}, single_ranks(1), limits);
  run.start();
  run.disk_full();
  const Actions actions = run.tick_after(3001);
  EXPECT_EQ(changes_of<RankMoved>(actions).size(), 1U);
  EXPECT_EQ(changes_of<AttemptEnded>(actions).size(), 1U);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreDisk, AFilmIsNotJoinedWhileTheDiskIsFull) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.disk_full();
  EXPECT_THAT(run.finish(0).joins, IsEmpty());
  EXPECT_THAT(run.disk_has_room().joins, ElementsAre(JobId{1}));
}

TEST(CoreDisk, AJoinThatFoundNoRoomIsTriedAgainAndNotCounted) {
  CoreLimits limits;
  limits.joins_per_job = 1;
  CoreRun run({make_job(1, {{8}})}, single_ranks(1), limits);
  run.start();
  run.finish(0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(run.film_failed(1, ErrorKind::DiskFull).joins, IsEmpty());
    EXPECT_TRUE(run.core().is_waiting_for_disk());
    EXPECT_THAT(run.disk_has_room().joins, ElementsAre(JobId{1}));
  }
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(CoreDisk, RoomThatNeverSufficesIsNotWaitedForWithoutEnd) {
  CoreLimits limits;
  limits.disk_full_patience_ms = 60'000;
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1), limits);
  run.start();
  for (int pause = 0; pause < 6; ++pause) {
    run.fail(0, ErrorKind::DiskFull);
    run.wait(10'000);
    EXPECT_EQ(run.exit_code(), std::nullopt);
    run.disk_has_room();
  }
  run.fail(0, ErrorKind::DiskFull);
  run.wait(1);
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_THAT(run.end_message(), HasSubstr("the disk stayed full"));
}

TEST(CoreDisk, ASegmentThatFoundRoomGivesTheNextOneTheWholePatience) {
  CoreLimits limits;
  limits.disk_full_patience_ms = 60'000;
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1), limits);
  run.start();
  run.fail(0, ErrorKind::DiskFull);
  run.wait(50'000);
  run.disk_has_room();
  run.finish(0);
  run.fail(0, ErrorKind::DiskFull);
  run.wait(50'000);
  EXPECT_EQ(run.exit_code(), std::nullopt);
}

}  // namespace
}  // namespace longtake
