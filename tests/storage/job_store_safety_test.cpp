// All or nothing: changes that fail, kills, full disks.
#include <gmock/gmock.h>

#include "jobs/error.h"
#include "tests/storage/job_store_run.h"
#include "tests/storage/small_disk.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
TEST_F(JobStoreRun, AChangeThatFailsInTheMiddleSavesNothing) {
  start(1, segment(0, 0));
  const std::vector<Change> changes = {
      EventNoted{"run", "", "before", kNow_ms},
      AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms},
      AttemptStarted{{1}, segment(0, 1), GroupId{0}, kNow_ms},  // the id is taken
      EventNoted{"run", "", "after", kNow_ms},
  };
  EXPECT_THROW(save(changes), Error);
  EXPECT_EQ(stored(0, 0).state, SegmentState::Running);
  EXPECT_TRUE(store_->last_events("", 10).empty());
}

TEST_F(JobStoreRun, ASegmentThatDoesNotExistSavesNothing) {
  EXPECT_THROW(
      save({EventNoted{"run", "", "before", kNow_ms}, AttemptStarted{{1}, {999}, GroupId{0}, kNow_ms}}),
      Error);
  EXPECT_TRUE(store_->last_events("", 10).empty());
}

TEST_F(JobStoreRun, TheStoreWorksOnAfterAChangeThatFailed) {
  start(1, segment(0, 0));
  EXPECT_THROW(start(1, segment(0, 1)), Error);
  start(2, segment(0, 1));
  EXPECT_EQ(stored(0, 1).state, SegmentState::Running);
}

TEST_F(JobStoreRun, WhatWasSavedOutlivesAKill) {
  start(1, segment(0, 0));
  save({AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms}});
  // The files as they are on the disk now, while the store is open, are what a kill leaves behind.
  const fs::path copy = folder_.path() / "copy.db";
  fs::copy_file(file_, copy);
  fs::copy_file(file_.string() + "-wal", copy.string() + "-wal");
  EXPECT_EQ(JobStore::open(copy, 0).find_job("news")->ranges[0].segments[0].facts, kFacts);
}

TEST_F(JobStoreFile, AStoreOpenedToReadSavesNothing) {
  open().add_job(made_up_job("news"), kNow_ms);
  JobStore store = JobStore::open_to_read(file_);
  EXPECT_EQ(store.load_jobs().size(), 1U);
  EXPECT_THROW(store.save(Epoch{1}, {EventNoted{"run", "", "text", kNow_ms}}), Error);
  EXPECT_THROW(store.begin_run("node", 1, "cpu", kNow_ms), Error);
  EXPECT_THROW(store.add_job(made_up_job("other"), kNow_ms), Error);
}

class JobStoreDisk : public testing::TestWithParam<Full> {};

TEST_P(JobStoreDisk, WithoutRoomSavesNothingAndWorksOnOnceThereIsRoom) {
  SmallDisk disk(512 * 1024, GetParam());
  JobStore store = JobStore::open(disk.path() / "longtake.db", 0);
  const Epoch epoch = store.begin_run("node", 1, "cpu", kNow_ms);
  const std::vector<Change> changes(20, EventNoted{"run", "", std::string(1000, 'x'), kNow_ms});
  int saved = 0;
  try {
    for (; saved < 1000; ++saved) store.save(epoch, changes);
    FAIL() << "the disk never was full";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::DiskFull) << e.what();
    EXPECT_THAT(e.what(), testing::HasSubstr(disk.path().string()));
  }
  EXPECT_GT(saved, 0);
  EXPECT_EQ(store.last_events("", 100'000).size(), 20U * static_cast<std::size_t>(saved)) << "half a save";
  disk.make_room(8 * 1024 * 1024);
  store.save(epoch, changes);
  EXPECT_EQ(store.last_events("", 100'000).size(), 20U * static_cast<std::size_t>(saved + 1));
}

INSTANTIATE_TEST_SUITE_P(Store, JobStoreDisk, testing::Values(Full::Disk, Full::Limit), [](const auto& full) {
  return std::string(full.param == Full::Disk ? "Disk" : "Limit");
});

}  // namespace
}  // namespace longtake
