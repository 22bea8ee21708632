#include "scheduler/redo.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kNow_ms = 1'700'000'000'000;

/// A job of two finished segments in a chain.
class Redo : public testing::Test {
 protected:
  Redo() : work_dir_(temp_path(testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::create_directories(work_dir_.segments("news"));
    store_.emplace(JobStore::open(work_dir_.database(), 0));
    const Epoch epoch = store_->begin_run("node", 1, "cpu", kNow_ms);
    StoredJob job;
    job.name = "news";
    job.engine = "slate";
    job.clips = 16;
    job.film_frames = 16 * 48;
    job.infer_frames = 48;
    job.segment_clips = 8;
    job.ranges = {{{}, {0, 16}, {{{}, {0, 8}, {}, {}}, {{}, {8, 16}, {}, {}}}}};
    job = store_->add_job(job, kNow_ms);
    for (const StoredSegment& segment : job.ranges[0].segments) {
      store_->save(epoch, {SegmentAdopted{segment.id, SegmentFacts{1, 384, 1, 2, 3}, kNow_ms}});
      for (const fs::path& file : files_of(segment.clips)) std::ofstream(file) << "made";
    }
  }

  std::vector<fs::path> files_of(Interval clips) const {
    return {work_dir_.segment("news", clips), work_dir_.carry("news", clips),
            work_dir_.unfinished("news", clips)};
  }
  SegmentState state(std::size_t segment) const {
    return store_->find_job("news")->ranges[0].segments[segment].state;
  }

  WorkDir work_dir_;
  std::optional<JobStore> store_;
};

TEST_F(Redo, ForgetsTheSegmentsAndThoseChainedAfterThem) {
  EXPECT_EQ(forget_clips(*store_, work_dir_, "news", {10, 11}, kNow_ms).segments, 1);
  EXPECT_EQ(state(0), SegmentState::Finished);
  EXPECT_EQ(state(1), SegmentState::Pending);
  for (const fs::path& file : files_of({8, 16})) EXPECT_FALSE(fs::exists(file)) << file;
  for (const fs::path& file : files_of({0, 8})) EXPECT_TRUE(fs::exists(file)) << file;
}

TEST_F(Redo, ForgetsFilesOfACutThatTheDatabaseWasNotToldOf) {
  const Interval cut = {8, 11};
  for (const fs::path& file : files_of({8, 16})) fs::remove(file);
  for (const fs::path& file : files_of(cut)) std::ofstream(file) << "made";
  forget_clips(*store_, work_dir_, "news", {14, 15}, kNow_ms);
  for (const fs::path& file : files_of(cut)) EXPECT_FALSE(fs::exists(file)) << file;
  for (const fs::path& file : files_of({0, 8})) EXPECT_TRUE(fs::exists(file)) << file;
}

TEST_F(Redo, AFileThatCannotBeRemovedLeavesTheDatabaseAsItWas) {
  const fs::path carry = work_dir_.carry("news", {8, 16});
  fs::remove(carry);
  fs::create_directories(carry / "not empty");  // root removes any file
  try {
    forget_clips(*store_, work_dir_, "news", {10, 11}, kNow_ms);
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Io);
    EXPECT_THAT(e.what(), testing::HasSubstr(carry.string()));
  }
  EXPECT_EQ(state(1), SegmentState::Finished);
}

TEST_F(Redo, FilesThatAreGoneAlreadyAreNoFault) {
  fs::remove_all(work_dir_.segments("news"));
  EXPECT_EQ(forget_clips(*store_, work_dir_, "news", {0, 1}, kNow_ms).segments, 2);
  EXPECT_EQ(state(0), SegmentState::Pending);
}

}  // namespace
}  // namespace longtake
