// Films: joined when their segments are complete, repaired, given up after the limit.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

JobState state_of(CoreRun& run, std::int64_t job) { return run.core().job(JobId{job}).state; }

TEST(CoreFilm, IsJoinedOnceWhenItsLastSegmentIsFinished) {
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(2));
  run.start();
  EXPECT_THAT(run.finish(0).joins, IsEmpty());
  EXPECT_THAT(run.finish(1).joins, ElementsAre(JobId{1}));
  EXPECT_EQ(state_of(run, 1), JobState::Joining);
  EXPECT_THAT(run.wait(1000).joins, IsEmpty());
  EXPECT_THAT(run.disk_has_room().joins, IsEmpty());
}

TEST(CoreFilm, OthersGoOnWhileAFilmIsJoined) {
  CoreRun run({make_job(1, {{8}}, 1), make_job(2, {{8}})}, single_ranks(1));
  run.start();
  const Actions actions = run.finish(0);
  EXPECT_THAT(actions.joins, ElementsAre(JobId{1}));
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(0));
}

TEST(CoreFilm, AJoinedFilmMakesItsJobDone) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{4}})}, single_ranks(1));
  run.start();
  run.finish(0);
  const auto moved = changes_of<JobMoved>(run.film_joined(1));
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].to, JobState::Done);
  EXPECT_EQ(run.exit_code(), std::nullopt);
}

TEST(CoreFilm, AResumedJobWithAllSegmentsIsJoinedAtOnce) {
  RunJob job = make_job(1, {{8}, {8}});
  mark_finished(job, 0);
  mark_finished(job, 1);
  job.stored.state = JobState::Joining;
  CoreRun run({job}, single_ranks(1));
  EXPECT_THAT(run.start_without_ranks().joins, ElementsAre(JobId{1}));
}

TEST(CoreFilm, ABadSegmentIsMadeAgainAndOnlyThatOne) {
  CoreRun run({make_job(1, {{8, 8}, {8, 8}})}, single_ranks(2));
  run.start();
  while (run.has_order(0)) {
    run.finish(0);
    run.finish(1);
  }
  const Actions actions = run.film_segment_bad(1, 2);
  ASSERT_EQ(changes_of<SegmentReopened>(actions).size(), 1U);
  EXPECT_EQ(changes_of<SegmentReopened>(actions)[0].segment, SegmentId{1002});
  EXPECT_EQ(state_of(run, 1), JobState::Running);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].segments_done, 3);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].clips_done, 24);
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(0));
  EXPECT_EQ(run.clips(0), (Interval{16, 24}));
  const Actions finished = run.finish(0);
  EXPECT_THAT(receivers_of<GenerateSegment>(finished), IsEmpty());
  EXPECT_THAT(finished.joins, ElementsAre(JobId{1}));
}

TEST(CoreFilm, ABadSegmentInTheMiddleOfARangeReadsTheCarryBeforeIt) {
  CoreRun run({make_job(1, {{8, 8, 8}})}, single_ranks(1));
  run.start();
  while (run.has_order(0)) run.finish(0);
  run.film_segment_bad(1, 1);
  EXPECT_EQ(run.clips(0), (Interval{8, 16}));
  EXPECT_EQ(run.order(0).carry_in, "/w/jobs/job-1/segments/c000000-000008.carry.safetensors");
}

TEST(CoreFilm, ABadSegmentThatDoesNotExistFailsTheJobAsABug) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8}})}, single_ranks(2));
  run.start();
  run.finish(0);
  run.film_segment_bad(1, 1);
  EXPECT_EQ(state_of(run, 1), JobState::Failed);
}

TEST(CoreFilm, AJoinIsTriedAgainAfterAnIoErrorUpToTheLimit) {
  CoreLimits limits;
  limits.joins_per_job = 3;
  CoreRun run({make_job(1, {{8}})}, single_ranks(1), limits);
  run.start();
  run.finish(0);
  run.film_failed(1, ErrorKind::Io);
  EXPECT_THAT(run.wait(2000).joins, ElementsAre(JobId{1}));
  run.film_failed(1, ErrorKind::Io);
  EXPECT_THAT(run.wait(8000).joins, ElementsAre(JobId{1}));
  EXPECT_THAT(run.film_failed(1, ErrorKind::Io).joins, IsEmpty());
  EXPECT_EQ(state_of(run, 1), JobState::Failed);
  EXPECT_THAT(run.core().job(JobId{1}).message, HasSubstr("could not be joined"));
  EXPECT_EQ(run.exit_code(), 1);
}

TEST(CoreFilm, ADiskThatIsAwayForHalfAMinuteDoesNotUseUpTheTriesOfAJoin) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  for (const std::int64_t pause_ms : {2000, 8000, 32000}) {
    EXPECT_THAT(run.film_failed(1, ErrorKind::Io).joins, IsEmpty());
    EXPECT_THAT(run.wait(pause_ms - 1).joins, IsEmpty());
    EXPECT_THAT(run.wait(1).joins, ElementsAre(JobId{1}));
  }
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(CoreFilm, AJoinThatWaitsForItsNextTryKeepsTheRunOnWithoutRanks) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  run.film_failed(1, ErrorKind::Io);
  run.leave(0);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  EXPECT_THAT(run.tick_after(2000).joins, ElementsAre(JobId{1}));
}

TEST(CoreFilm, ADrainDoesNotWaitForTheNextTryOfAJoin) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  run.film_failed(1, ErrorKind::Io);
  run.drain();
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreFilm, SegmentsThatStayBadFailTheJobAfterTheLimit) {
  CoreLimits limits;
  limits.joins_per_job = 2;
  CoreRun run({make_job(1, {{8}})}, single_ranks(1), limits);
  run.start();
  run.finish(0);
  run.film_segment_bad(1, 0);
  run.finish(0);
  const Actions actions = run.film_segment_bad(1, 0);
  EXPECT_THAT(changes_of<SegmentReopened>(actions), IsEmpty());
  EXPECT_EQ(state_of(run, 1), JobState::Failed);
}

TEST(CoreFilm, AnErrorThatTryingAgainCannotHealFailsTheJobAtOnce) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  EXPECT_THAT(run.film_failed(1, ErrorKind::Bug).joins, IsEmpty());
  EXPECT_EQ(state_of(run, 1), JobState::Failed);
}

TEST(CoreFilm, AFilmThatCannotBeWrittenWhereTheUserWantsItEndsWithTwo) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  run.film_failed(1, ErrorKind::InvalidInput);
  EXPECT_EQ(run.exit_code(), 2);
}

TEST(CoreFilm, AnAnswerForAJobThatIsNotBeingJoinedChangesNothing) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8}})}, single_ranks(1));
  run.start();
  EXPECT_THAT(run.film_joined(1).changes, IsEmpty());
  EXPECT_THAT(run.film_segment_bad(1, 0).changes, IsEmpty());
  EXPECT_THAT(run.film_failed(1, ErrorKind::Io).changes, IsEmpty());
  EXPECT_EQ(state_of(run, 1), JobState::Running);
}

}  // namespace
}  // namespace longtake
