// What a deadline changes: what is started, how attempts end, and segments that are cut.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::int64_t kStart_ms = 1'700'000'000'000;  // of every CoreRun
constexpr std::int64_t kMinute_ms = 60'000;

/// Ten seconds before the end nothing may run any more.
CoreLimits ending_in(std::int64_t ms) {
  CoreLimits limits;
  limits.deadline = Deadline{kStart_ms + ms, "06:00"};
  limits.end_reserve_ms = 10'000;
  return limits;
}

/// A job of eight-clip segments that a group makes in so many seconds each, as planned.
RunJob job_of_segments(int segments, double seconds, std::int64_t id = 1) {
  RunJob job = make_job(id, {std::vector<int>(static_cast<std::size_t>(segments), 8)});
  job.frames_per_second = 8 * 48 / seconds;
  return job;
}

std::vector<FinishAttempt> ends_told(const Actions& actions) {
  std::vector<FinishAttempt> told;
  for (const Outgoing& outgoing : actions.sends) {
    if (const auto* finish = std::get_if<FinishAttempt>(&outgoing.message)) told.push_back(*finish);
  }
  return told;
}

TEST(CoreTime, ASegmentThatWillNotBeDoneIsNotStarted) {
  CoreRun run({job_of_segments(3, 100)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start_without_ranks();
  run.tick_after(20'000);  // of 110 s 90 are left
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), IsEmpty());
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreTime, TheMeasuredSpeedCountsMoreThanThePlanned) {
  CoreRun run({job_of_segments(3, 60)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start();
  run.wait(kMinute_ms);
  AttemptFinished report = run.finished_report(0);
  report.seconds = 49;
  EXPECT_THAT(receivers_of<GenerateSegment>(run.keep(run.core().on_attempt_finished(report, run.now_ms()))),
              ElementsAre(0));
  EXPECT_EQ(run.exit_code(), std::nullopt);
}

TEST(CoreTime, LoadingTheModelIsNoMeasureOfTheNextSegment) {
  CoreRun run({job_of_segments(3, 60)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start();
  run.wait(kMinute_ms);
  AttemptFinished report = run.finished_report(0);
  report.seconds = 59;
  report.work.seconds = {{"load", 20}, {"step 1", 30}};
  EXPECT_THAT(receivers_of<GenerateSegment>(run.keep(run.core().on_attempt_finished(report, run.now_ms()))),
              ElementsAre(0));
}

TEST(CoreTime, WhenNothingRunsAndNothingCanBeStartedTheRunDrainsItself) {
  CoreRun run({job_of_segments(3, 60)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start();
  run.wait(kMinute_ms);
  AttemptFinished report = run.finished_report(0);
  report.seconds = 60;
  run.keep(run.core().on_attempt_finished(report, run.now_ms()));
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_EQ(
      run.end_message(),
      "drained (the time ends at 06:00: clips 8:16 of job-1 need about 1 min 00 s); run again to go on");
}

TEST(CoreTime, ButNotWhileAnotherGroupStillWorks) {
  CoreRun run({job_of_segments(2, 60, 1), job_of_segments(2, 60, 2)}, single_ranks(2),
              ending_in(2 * kMinute_ms));
  run.start();
  run.wait(kMinute_ms);
  for (const std::int64_t rank : {0, 1}) {
    EXPECT_EQ(run.exit_code(), std::nullopt);
    AttemptFinished report = run.finished_report(rank);
    report.seconds = 60;
    run.keep(run.core().on_attempt_finished(report, run.now_ms()));
  }
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreTime, AShorterSegmentOfAnotherJobIsStartedInstead) {
  CoreRun run({job_of_segments(2, 100, 1), job_of_segments(1, 30, 2)}, single_ranks(1),
              ending_in(60'000 + 2 * kMinute_ms));
  run.start();
  EXPECT_EQ(run.job_of(0), "job-1");
  run.wait(100'000);
  AttemptFinished report = run.finished_report(0);
  report.seconds = 100;
  run.keep(run.core().on_attempt_finished(report, run.now_ms()));
  EXPECT_EQ(run.job_of(0), "job-2");
}

TEST(CoreTime, AnEngineIsToldTheEndWhenItHasBegun) {
  CoreRun run({job_of_segments(1, 60)}, single_ranks(1), ending_in(5 * kMinute_ms));
  EXPECT_THAT(ends_told(run.start()), IsEmpty());
  run.wait(1000);
  const auto told = ends_told(run.progress(0, 12));
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].attempt, run.order(0).attempt);
  EXPECT_EQ(told[0].within_ms, 5 * kMinute_ms - 10'000 - 1000);
  EXPECT_THAT(ends_told(run.progress(0, 24)), IsEmpty());
}

TEST(CoreTime, WithoutADeadlineNobodyIsToldOfAnEnd) {
  CoreRun run({job_of_segments(1, 60)}, single_ranks(1));
  run.start();
  EXPECT_THAT(run.progress(0, 12).sends, IsEmpty());
}

TEST(CoreTime, WhatStillRunsWhenTheTimeEndsIsCancelled) {
  CoreRun run({job_of_segments(1, 60)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start();
  run.wait(109'999);
  EXPECT_FALSE(run.core().status(run.now_ms()).is_draining);
  EXPECT_THAT(receivers_of<CancelAttempt>(run.wait(1)), ElementsAre(0));
  run.give_up(0);
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_THAT(run.end_message(), HasSubstr("the time ends at 06:00"));
}

TEST(CoreTime, ADrainTakesNoMoreThanTheTimeThatIsLeft) {
  CoreRun run({job_of_segments(1, 60)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start();
  run.wait(105'000);
  const auto told = ends_told(run.drain());
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].within_ms, 0);
  EXPECT_THAT(receivers_of<CancelAttempt>(run.wait(5000)), ElementsAre(0));
}

TEST(CoreTime, AGroupOfSeveralIsCancelledByADrainAtOnceAndWorksUntilTheTimeEnds) {
  const RunGroup pair = {GroupId{0}, {RankId{0}, RankId{1}}, "node"};
  CoreRun run({in_stages(job_of_segments(1, 60), 2)}, {pair}, ending_in(2 * kMinute_ms));
  run.start();
  EXPECT_THAT(run.progress(0, 12).sends, IsEmpty());
  EXPECT_THAT(receivers_of<CancelAttempt>(run.drain()), UnorderedElementsAre(0, 1));
}

TEST(CoreTime, EndingEarlyIsNobodysFault) {
  CoreRun run({job_of_segments(1, 60)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start();
  run.drain();
  const Actions actions = run.give_up(0);
  const auto ended = changes_of<AttemptEnded>(actions);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].to, AttemptState::Cancelled);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Running);
}

// Cuts.

TEST(CoreTime, ACutSegmentIsFinishedAndItsRestIsPending) {
  CoreRun run({job_of_segments(2, 60)}, single_ranks(1));
  run.start();
  run.drain();
  const Actions actions = run.finish_cut(0, 3);
  const auto cuts = changes_of<SegmentCut>(actions);
  ASSERT_EQ(cuts.size(), 1U);
  EXPECT_EQ(cuts[0].segment, SegmentId{1000});
  EXPECT_EQ(cuts[0].at, 3);
  EXPECT_EQ(cuts[0].rest, SegmentId{1002});
  const auto finished = changes_of<AttemptSucceeded>(actions);
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_EQ(finished[0].segment, SegmentId{1000});
  const auto& segments = run.core().job(JobId{1}).ranges[0].segments;
  ASSERT_EQ(segments.size(), 3U);
  EXPECT_EQ(segments[0].clips, (Interval{0, 3}));
  EXPECT_EQ(segments[0].state, SegmentState::Finished);
  EXPECT_EQ(segments[1].clips, (Interval{3, 8}));
  EXPECT_EQ(segments[1].state, SegmentState::Pending);
  EXPECT_EQ(segments[2].clips, (Interval{8, 16}));
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreTime, TheRestGoesOnWhereTheCutWas) {
  CoreRun run({job_of_segments(2, 60)}, single_ranks(1));
  run.start();
  run.finish_cut(0, 3);
  EXPECT_EQ(run.clips(0), (Interval{3, 8}));
  EXPECT_EQ(run.order(0).frames, (Interval{144, 384}));
  EXPECT_EQ(run.order(0).carry_in, "/w/jobs/job-1/segments/c000000-000003.carry.safetensors");
  EXPECT_EQ(run.order(0).unfinished, "/w/jobs/job-1/segments/c000003-000008.unfinished.safetensors");
  run.finish(0);
  run.finish(0);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].clips_done, 16);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].segments_done, 3);
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(CoreTime, CutsOfDifferentRangesGetDifferentIds) {
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(2));
  run.start();
  const auto one = changes_of<SegmentCut>(run.finish_cut(0, 3));
  const auto other = changes_of<SegmentCut>(run.finish_cut(1, 3));
  ASSERT_EQ(one.size(), 1U);
  ASSERT_EQ(other.size(), 1U);
  EXPECT_NE(one[0].rest, other[0].rest);
}

TEST(CoreTime, ClipsThatWereNotOrderedAreABug) {
  CoreRun run({job_of_segments(2, 60)}, single_ranks(1));
  run.start();
  AttemptFinished report = run.finished_report(0);
  report.cut_to = {1, 4};
  run.keep(run.core().on_attempt_finished(report, run.now_ms()));
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Failed);
  EXPECT_THAT(run.core().job(JobId{1}).message, AllOf(HasSubstr("1:4"), HasSubstr("0:8")));
}

}  // namespace
}  // namespace longtake
