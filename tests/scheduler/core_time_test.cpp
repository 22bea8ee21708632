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

/// Made by three ranks, of which two do a step each and one decodes: only whole segments can be kept.
RunJob job_in_steps(int segments, double seconds) {
  RunJob job = in_stages(job_of_segments(segments, seconds), 3);
  job.order.share.layout = steps_layout(40, 2, 1);
  return job;
}

/// The same, which a rank alone can make too.
RunJob job_in_steps_or_single(int segments, double seconds) {
  RunJob job = job_in_steps(segments, seconds);
  job.shares[1] = {layers_layout(40, 2, 1), {}};
  return job;
}

RunGroup trio() { return {GroupId{0}, {RankId{0}, RankId{1}, RankId{2}}, "node"}; }

/// As if its segment had taken so long, `by_phase` as the engine tells it.
Actions finish_after(CoreRun& run, std::int64_t rank, double seconds,
                     const std::map<std::string, double>& by_phase = {}) {
  AttemptFinished report = run.finished_report(rank);
  report.seconds = seconds;
  report.work.seconds = by_phase;
  return run.keep(run.core().on_attempt_finished(report, run.now_ms()));
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
  EXPECT_THAT(receivers_of<GenerateSegment>(finish_after(run, 0, 49)), ElementsAre(0));
  EXPECT_EQ(run.exit_code(), std::nullopt);
}

TEST(CoreTime, LoadingTheModelIsNoMeasureOfTheNextSegment) {
  CoreRun run({job_of_segments(3, 60)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start();
  run.wait(kMinute_ms);
  EXPECT_THAT(receivers_of<GenerateSegment>(finish_after(run, 0, 59, {{"load", 20}, {"step 1", 30}})),
              ElementsAre(0));
}

TEST(CoreTime, WhenNothingRunsAndNothingCanBeStartedTheRunDrainsItself) {
  CoreRun run({job_of_segments(3, 60)}, single_ranks(1), ending_in(2 * kMinute_ms));
  run.start();
  run.wait(kMinute_ms);
  finish_after(run, 0, 60);
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
    finish_after(run, rank, 60);
  }
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreTime, AGroupOfSeveralTriesWhatAPlanCallsTooLongForAnyNight) {
  CoreRun run({job_in_steps(2, 300)}, {trio()}, ending_in(2 * kMinute_ms));
  EXPECT_THAT(receivers_of<GenerateSegment>(run.start()), ElementsAre(0, 1, 2));
}

TEST(CoreTime, AndNotAgainWhenItTurnedOutToBeSo) {
  CoreRun run({job_in_steps(2, 300)}, {trio()}, ending_in(2 * kMinute_ms));
  run.start();
  EXPECT_THAT(receivers_of<GenerateSegment>(finish_after(run, 2, 300)), IsEmpty());
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreTime, WhatCanBeKeptIsAskedOfTheLayoutOfTheGroupAndNotOfThePlan) {
  CoreRun run({job_in_steps_or_single(2, 40)}, single_ranks(1), ending_in(140'000));
  run.start();
  EXPECT_THAT(receivers_of<GenerateSegment>(finish_after(run, 0, 300)), ElementsAre(0));
}

TEST(CoreTime, AThirdOfTheRanksIsTakenToNeedThreeTimesAsLong) {
  CoreRun run({job_in_steps_or_single(2, 40)}, single_ranks(1), ending_in(140'000));
  run.start_without_ranks();
  run.tick_after(20'000);  // of 130 s 110 are left
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), IsEmpty());
}

TEST(CoreTime, ASpareRankThatCanMakeNothingIsNoWantOfTime) {
  const RunGroup spare = {GroupId{1}, {RankId{3}}, "node"};
  CoreRun run({job_in_steps(2, 20)}, {trio(), spare}, ending_in(10 * kMinute_ms));
  run.start();
  run.tick_after(2000);
  for (const std::int64_t rank : {1, 2, 3}) run.alive(rank);
  run.tick_after(kRankSilence_ms - 1000);  // rank 0 is lost
  EXPECT_EQ(run.exit_code(), std::nullopt);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), ElementsAre(0, 1, 2));
}

TEST(CoreTime, AJobThatWaitsForASmallerSizeIsNoWantOfTime) {
  RunJob job = job_of_segments(2, 20);
  job.smaller = FrameSize{384, 640};
  CoreRun run({job}, single_ranks(1), ending_in(10 * kMinute_ms));
  run.start();
  run.fail(0, ErrorKind::OutOfMemory);
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_THAT(run.end_message(), HasSubstr("ran out of memory"));
}

TEST(CoreTime, AShorterSegmentOfAnotherJobIsStartedInstead) {
  CoreRun run({job_of_segments(2, 100, 1), job_of_segments(1, 30, 2)}, single_ranks(1),
              ending_in(60'000 + 2 * kMinute_ms));
  run.start();
  EXPECT_EQ(run.job_of(0), "job-1");
  run.wait(100'000);
  finish_after(run, 0, 100);
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

TEST(CoreTime, WhatStillRunsWhenALongReserveBeginsIsDrained) {
  CoreLimits limits = ending_in(5 * kMinute_ms);
  limits.end_reserve_ms = 3 * kMinute_ms;
  CoreRun run({job_of_segments(1, 60)}, single_ranks(1), limits);
  run.start();
  const Actions ended = run.wait(2 * kMinute_ms);
  EXPECT_THAT(receivers_of<FinishAttempt>(ended), ElementsAre(0));
  EXPECT_THAT(receivers_of<CancelAttempt>(ended), IsEmpty());
  EXPECT_THAT(receivers_of<CancelAttempt>(run.wait(limits.drain_ms)), ElementsAre(0));
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

RunGroup group_of(std::int64_t ranks) {
  RunGroup group = {GroupId{0}, {}, "node"};
  for (std::int64_t rank = 0; rank < ranks; ++rank) group.ranks.push_back(RankId{rank});
  return group;
}

TEST(CoreTime, OfAGroupTheWriterIsToldTheEndWhenItHasBegun) {
  CoreRun run({in_stages(job_of_segments(1, 60), 2)}, {group_of(2)}, ending_in(5 * kMinute_ms));
  run.start();
  EXPECT_THAT(run.progress(0, 12).sends, IsEmpty());
  EXPECT_THAT(receivers_of<FinishAttempt>(run.progress(1, 12)), ElementsAre(1));
  EXPECT_THAT(run.progress(1, 24).sends, IsEmpty());
}

TEST(CoreTime, WhenTheWriterOfAGroupHasEndedEarlyTheOthersAreCancelled) {
  CoreRun run({in_stages(job_of_segments(1, 60), 3)}, {group_of(3)});
  run.start();
  const Actions drained = run.drain();
  EXPECT_THAT(receivers_of<FinishAttempt>(drained), ElementsAre(2));
  EXPECT_THAT(receivers_of<CancelAttempt>(drained), IsEmpty());
  const Actions ended = run.give_up(2);
  EXPECT_THAT(receivers_of<CancelAttempt>(ended), ElementsAre(0, 1));
  ASSERT_EQ(changes_of<AttemptEnded>(ended).size(), 1U);
  EXPECT_EQ(changes_of<AttemptEnded>(ended)[0].to, AttemptState::Cancelled);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreTime, StepsOnSeveralEnginesAreCancelledByADrainAtOnceAndWorkUntilTheTimeEnds) {
  RunJob job = job_of_segments(1, 60);
  job.order.share.layout = steps_layout(/*layers=*/40, /*steps=*/2, /*ways=*/1);
  CoreRun run({job}, {group_of(3)}, ending_in(2 * kMinute_ms));
  run.start();
  EXPECT_THAT(run.progress(2, 12).sends, IsEmpty());
  EXPECT_THAT(receivers_of<CancelAttempt>(run.drain()), UnorderedElementsAre(0, 1, 2));
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
