// Too little memory: what is remembered of it, and jobs that go on at a smaller size.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr FrameSize kAsked = {384, 704}, kSmaller = {384, 640};

/// It runs out of memory in its only layout.
RunJob job_that_may_shrink(std::int64_t id, const std::vector<std::vector<int>>& ranges) {
  RunJob job = make_job(id, ranges);
  job.stored.size = kAsked;
  job.smaller = kSmaller;
  return job;
}

StageMemory memory_of(std::int64_t bytes) {
  StageMemory memory;
  memory.components.push_back({"weights", bytes});
  return memory;
}

TEST(CoreMemory, WhatRanOutIsRememberedWithWhatWasPredicted) {
  RunJob job = in_stages(make_job(1, {{8}}), 1);
  job.stored.size = kAsked;
  job.shares[1] = {layers_layout(40, 4, 1), {memory_of(49'000'000'000)}};
  CoreRun run({job}, single_ranks(1));
  run.start();
  const auto shortages = changes_of<MemoryRanOut>(run.fail(0, ErrorKind::OutOfMemory));
  ASSERT_THAT(shortages, SizeIs(1));
  EXPECT_EQ(shortages[0].layout, "single");
  EXPECT_EQ(shortages[0].size, kAsked);
  EXPECT_EQ(shortages[0].predicted_bytes, 49'000'000'000);
}

TEST(SmallerSizeInTheCore, IsTheNextRunsWhenNoLayoutIsLeft) {
  CoreRun run({job_that_may_shrink(1, {{8, 8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  const Actions actions = run.fail(0, ErrorKind::OutOfMemory);
  const auto resized = changes_of<JobResized>(actions);
  ASSERT_THAT(resized, SizeIs(1));
  EXPECT_EQ(resized[0].size, kSmaller);
  const auto reopened = changes_of<SegmentReopened>(actions);
  ASSERT_THAT(reopened, SizeIs(1)) << "sizes are never mixed";
  EXPECT_EQ(reopened[0].segment, SegmentId{1000});
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Pending);
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_EQ(run.end_message(),
            "job-1 ran out of memory at 704*384, goes on at 640*384 in the next run (on_oom: smaller_size); "
            "run again to go on");
}

TEST(SmallerSizeInTheCore, LetsOtherJobsBeFinishedFirst) {
  CoreRun run({job_that_may_shrink(1, {{8}}), make_job(2, {{8, 8}})}, single_ranks(2));
  run.start();
  ASSERT_EQ(run.job_of(0), "job-2") << "the longer chain comes first";
  run.fail(1, ErrorKind::OutOfMemory);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  run.finish(0);
  run.finish(run.has_order(1) ? 1 : 0);
  run.film_joined(2);
  EXPECT_EQ(run.core().job(JobId{2}).state, JobState::Done);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(SmallerSizeInTheCore, TakesNoSegmentOfTheOldSizeAnyMore) {
  // Another job keeps the run going.
  CoreRun run({job_that_may_shrink(1, {{8}, {8}}), make_job(2, {{4}})}, single_ranks(3));
  run.start();
  EXPECT_THAT(receivers_of<CancelAttempt>(run.fail(0, ErrorKind::OutOfMemory)), ElementsAre(1));
  const Actions actions = run.finish(1);
  EXPECT_THAT(changes_of<AttemptSucceeded>(actions), IsEmpty());
  ASSERT_THAT(changes_of<AttemptEnded>(actions), SizeIs(1));
  EXPECT_EQ(changes_of<AttemptEnded>(actions)[0].to, AttemptState::Cancelled);
}

TEST(SmallerSizeInTheCore, IsNotForJobsThatAreToFail) {
  RunJob job = job_that_may_shrink(1, {{8}});
  job.smaller.reset();
  CoreRun run({job}, single_ranks(1));
  run.start();
  EXPECT_THAT(changes_of<JobResized>(run.fail(0, ErrorKind::OutOfMemory)), IsEmpty());
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Failed);
  EXPECT_EQ(run.exit_code(), 1);
}

TEST(SmallerSizeInTheCore, ComesAfterTheLayouts) {
  RunJob job = in_stages(job_that_may_shrink(1, {{8}}), 1);
  job.shares[2] = {layers_layout(40, 4, 2), {}};
  CoreRun run({job}, single_ranks(2));
  run.start();
  EXPECT_THAT(receivers_of<GenerateSegment>(run.fail(0, ErrorKind::OutOfMemory)), ElementsAre(0, 1));
  EXPECT_THAT(changes_of<JobResized>(run.fail(0, ErrorKind::OutOfMemory)), SizeIs(1));
}

}  // namespace
}  // namespace longtake
