// Who makes what first: priorities, the longest remaining chain, segments in order, resumed jobs.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(CoreOrder, StartsTheJobWithTheLongestRemainingChain) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8, 8}}), make_job(3, {{8, 4}})}, single_ranks(3));
  run.start();
  EXPECT_EQ(run.job_of(0), "job-2");
  EXPECT_EQ(run.job_of(1), "job-3");
  EXPECT_EQ(run.job_of(2), "job-1");
}

TEST(CoreOrder, APriorityOutweighsAnyLength) {
  CoreRun run({make_job(1, {{64, 64}}), make_job(2, {{1}}, 5), make_job(3, {{64}}, -1)}, single_ranks(3));
  run.start();
  EXPECT_EQ(run.job_of(0), "job-2");
  EXPECT_EQ(run.job_of(1), "job-1");
  EXPECT_EQ(run.job_of(2), "job-3");
}

TEST(CoreOrder, EqualChainsStartInTheOrderOfTheFilm) {
  CoreRun run({make_job(1, {{8}, {8}}), make_job(2, {{8}})}, single_ranks(3));
  run.start();
  EXPECT_EQ(run.clips(0), (Interval{0, 8}));
  EXPECT_EQ(run.clips(1), (Interval{8, 16}));
  EXPECT_EQ(run.job_of(2), "job-2");
}

TEST(CoreOrder, AChainThatShrankGivesWayToALongerOne) {
  CoreRun run({make_job(1, {{8, 8, 8}}), make_job(2, {{10, 10}})}, single_ranks(1));
  run.start();
  EXPECT_EQ(run.job_of(0), "job-1");  // 24 against 20
  run.finish(0);
  EXPECT_EQ(run.job_of(0), "job-2");  // 16 against 20
  run.finish(0);
  EXPECT_EQ(run.job_of(0), "job-1");  // 16 against 10
}

TEST(CoreOrder, SegmentsOfARangeAreMadeOneAfterTheOtherEvenWithIdleRanks) {
  CoreRun run({make_job(1, {{8, 8, 4}})}, single_ranks(3));
  run.start();
  EXPECT_EQ(run.clips(0), (Interval{0, 8}));
  EXPECT_FALSE(run.has_order(1));
  EXPECT_FALSE(run.has_order(2));
  run.finish(0);
  EXPECT_EQ(run.clips(0), (Interval{8, 16}));
  run.finish(0);
  EXPECT_EQ(run.clips(0), (Interval{16, 20}));
}

TEST(CoreOrder, RangesOfAJobRunSideBySide) {
  CoreRun run({make_job(1, {{8, 8}, {8, 8}})}, single_ranks(2));
  run.start();
  EXPECT_EQ(run.clips(0), (Interval{0, 8}));
  EXPECT_EQ(run.clips(1), (Interval{16, 24}));
}

TEST(CoreOrder, AnOrderNamesItsRangeFramesAndFiles) {
  CoreRun run({make_job(1, {{8, 8}, {4}})}, single_ranks(1));
  run.start();
  const SegmentOrder order = run.order(0);
  EXPECT_EQ(order.range, (Interval{0, 16}));
  EXPECT_EQ(order.frames, (Interval{0, 8 * 48}));
  EXPECT_EQ(order.segment, "/w/jobs/job-1/segments/c000000-000008.mp4");
  EXPECT_EQ(order.carry_out, "/w/jobs/job-1/segments/c000000-000008.carry.safetensors");
  EXPECT_TRUE(order.attempt.is_set());
}

TEST(CoreOrder, EverySegmentButTheFirstOfARangeReadsTheCarryBeforeIt) {
  CoreRun run({make_job(1, {{8, 8}, {4}})}, single_ranks(1));
  run.start();
  EXPECT_EQ(run.order(0).carry_in, "");
  const std::string carry = run.order(0).carry_out;
  run.finish(0);
  EXPECT_EQ(run.order(0).carry_in, carry);
  run.finish(0);
  EXPECT_EQ(run.clips(0), (Interval{16, 20}));
  EXPECT_EQ(run.order(0).carry_in, "");
}

TEST(CoreOrder, TheLastClipsFramesEndWithTheFilm) {
  RunJob job = make_job(1, {{2}});
  job.stored.film_frames = 50;
  CoreRun run({job}, single_ranks(1));
  run.start();
  EXPECT_EQ(run.order(0).frames, (Interval{0, 50}));
}

TEST(CoreOrder, AttemptsAreNumberedUpwards) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  EXPECT_EQ(run.order(0).attempt, AttemptId{1});
  run.finish(0);
  EXPECT_EQ(run.order(0).attempt, AttemptId{2});
}

TEST(CoreOrder, TheFirstAttemptMovesItsJobToRunning) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  const Actions started = run.start();
  ASSERT_EQ(changes_of<JobMoved>(started).size(), 1U);
  EXPECT_EQ(changes_of<JobMoved>(started)[0].to, JobState::Running);
  const auto attempts = changes_of<AttemptStarted>(started);
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].segment, SegmentId{1000});
  EXPECT_EQ(attempts[0].group, GroupId{0});
  EXPECT_THAT(changes_of<JobMoved>(run.finish(0)), IsEmpty());
}

TEST(CoreOrder, AJobThatWasJoiningWhenItsRunDiedRunsAgainWhenASegmentIsMissing) {
  RunJob job = make_job(1, {{8, 8}});
  mark_finished(job, 0);
  job.stored.state = JobState::Joining;
  CoreRun run({job}, single_ranks(1));
  run.start();
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Running);
}

TEST(CoreOrder, AFinishedSegmentIsSavedWithItsFacts) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  const auto saved = changes_of<AttemptSucceeded>(run.finish(0));
  ASSERT_EQ(saved.size(), 1U);
  EXPECT_EQ(saved[0].segment, SegmentId{1000});
  EXPECT_EQ(saved[0].facts, facts_for(8 * 48));
  EXPECT_EQ(saved[0].peak_bytes, 1000);
  EXPECT_EQ(segment_of(const_cast<StoredJob&>(run.core().job(JobId{1})), 0).state, SegmentState::Finished);
}

// Resume.

TEST(CoreOrder, AResumedRangeGoesOnAfterItsFinishedSegments) {
  RunJob job = make_job(1, {{8, 8, 4}});
  mark_finished(job, 0);
  CoreRun run({job}, single_ranks(1));
  run.start();
  EXPECT_EQ(run.clips(0), (Interval{8, 16}));
  EXPECT_EQ(run.order(0).carry_in, "/w/jobs/job-1/segments/c000000-000008.carry.safetensors");
}

TEST(CoreOrder, HolesAreFilledAndNoFinishedSegmentIsOrderedAgain) {
  RunJob job = make_job(1, {{4, 4, 4, 4, 4}});
  for (const std::size_t finished : {0U, 2U, 4U}) mark_finished(job, finished);
  CoreRun run({job}, single_ranks(2));
  run.start();
  EXPECT_EQ(run.clips(0), (Interval{4, 8}));
  run.finish(0);
  EXPECT_EQ(run.clips(0), (Interval{12, 16}));
  EXPECT_EQ(run.order(0).carry_in, "/w/jobs/job-1/segments/c000008-000012.carry.safetensors");
  EXPECT_EQ(run.finish(0).joins, std::vector<JobId>{JobId{1}});
}

TEST(CoreOrder, WhatIsLeftOfAChainCountsNotItsWholeLength) {
  RunJob long_one = make_job(1, {{8, 8, 8}});
  mark_finished(long_one, 0);
  mark_finished(long_one, 1);
  CoreRun run({long_one, make_job(2, {{9}})}, single_ranks(2));
  run.start();
  EXPECT_EQ(run.job_of(0), "job-2");
  EXPECT_EQ(run.job_of(1), "job-1");
}

TEST(CoreOrder, AJobThatIsDoneOrFailedIsLeftAlone) {
  RunJob done = make_job(1, {{8}});
  mark_finished(done, 0);
  done.stored.state = JobState::Done;
  RunJob failed = make_job(2, {{8}});
  failed.stored.state = JobState::Failed;
  CoreRun run({done, failed, make_job(3, {{4}})}, single_ranks(3));
  const Actions started = run.start();
  EXPECT_THAT(receivers_of<GenerateSegment>(started), ElementsAre(0));
  EXPECT_EQ(run.job_of(0), "job-3");
  EXPECT_THAT(started.joins, IsEmpty());
}

TEST(CoreOrder, AnUnknownJobIsABug) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  try {
    run.core().job(JobId{99});
    FAIL() << "an unknown job was found";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Bug);
  }
}

}  // namespace
}  // namespace longtake
