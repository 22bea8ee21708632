// How a run ends: exit codes and draining.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(CoreEnd, AllJobsDoneEndsWithZero) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8}})}, single_ranks(2));
  run.start();
  run.finish(0);
  run.finish(1);
  run.film_joined(2);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  EXPECT_TRUE(run.film_joined(1).end.has_value());
  EXPECT_EQ(run.exit_code(), 0);
  EXPECT_EQ(run.end_message(), "all jobs are done");
}

TEST(CoreEnd, NothingToDoEndsAtOnceWithZero) {
  RunJob done = make_job(1, {{8}});
  mark_finished(done, 0);
  done.stored.state = JobState::Done;
  CoreRun run({done}, single_ranks(1));
  run.start_without_ranks();
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(CoreEnd, AFailedJobEndsWithOneEvenIfOthersAreDone) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::Bug);
  run.finish(1);
  run.film_joined(2);
  EXPECT_EQ(run.exit_code(), 1);
  EXPECT_EQ(run.end_message(), "1 of 2 jobs failed");
}

TEST(CoreEnd, FailuresThatOnlyTheUserCanHealEndWithTwo) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8}}), make_job(3, {{8}})}, single_ranks(3));
  run.start();
  run.fail(0, ErrorKind::InvalidInput);
  run.fail(1, ErrorKind::InvalidInput);
  run.finish(2);
  run.film_joined(3);
  EXPECT_EQ(run.exit_code(), 2);
}

TEST(CoreEnd, FailuresOfBothSortsEndWithOne) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::InvalidInput);
  run.fail(1, ErrorKind::OutOfMemory);
  EXPECT_EQ(run.exit_code(), 1);
}

TEST(CoreEnd, TheEndIsSaidOnceAndNothingStartsAfterIt) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  EXPECT_TRUE(run.leave(0).end.has_value());
  const Actions late = run.join(0);
  EXPECT_FALSE(late.end.has_value());
  EXPECT_THAT(receivers_of<GenerateSegment>(late), IsEmpty());
}

TEST(CoreEnd, NoAttemptIsLeftRunningWhenTheLastJobFails) {
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(2));
  run.start();
  const Actions actions = run.fail(0, ErrorKind::Bug);
  EXPECT_EQ(run.exit_code(), 1);
  const auto ended = changes_of<AttemptEnded>(actions);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[1].to, AttemptState::Cancelled);
}

// Drain.

TEST(CoreEnd, ADrainHasWhatRunsComeToAnEndAndEndsWith75WhenAllHaveAnswered) {
  CoreRun run({make_job(1, {{8}, {8}, {8}})}, single_ranks(2));
  run.start();
  EXPECT_THAT(receivers_of<FinishAttempt>(run.drain()), UnorderedElementsAre(0, 1));
  EXPECT_TRUE(run.core().status(run.now_ms()).is_draining);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.give_up(0)), IsEmpty());
  EXPECT_EQ(run.exit_code(), std::nullopt);
  run.give_up(1);
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_THAT(run.end_message(), HasSubstr("run again"));
}

TEST(CoreEnd, ASegmentThatFinishesWhileDrainingIsKept) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  run.drain();
  const Actions actions = run.finish(0);
  EXPECT_EQ(changes_of<AttemptSucceeded>(actions).size(), 1U);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreEnd, ADrainStartsNoJoin) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.drain();
  EXPECT_THAT(run.finish(0).joins, IsEmpty());
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreEnd, ADrainWaitsForARunningJoin) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8, 8}})}, single_ranks(2));
  run.start();
  EXPECT_EQ(run.job_of(1), "job-1");
  run.finish(1);
  run.drain();
  run.give_up(0);
  run.wait(60'000);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreEnd, AJoinThatFailsWhileDrainingIsLeftForTheNextRun) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  run.drain();
  EXPECT_THAT(run.film_failed(1, ErrorKind::Io).joins, IsEmpty());
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Joining);
}

TEST(CoreEnd, ADrainWhoseLastJoinSucceedsEndsWithZero) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  run.drain();
  EXPECT_EQ(run.exit_code(), std::nullopt);
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(CoreEnd, WhatHasNotEndedWhenTheDrainsTimeIsOverIsCancelled) {
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(2));
  run.start();
  run.drain();
  run.give_up(0);
  EXPECT_THAT(receivers_of<CancelAttempt>(run.wait(19'999)), IsEmpty());
  EXPECT_THAT(receivers_of<CancelAttempt>(run.wait(1)), ElementsAre(1));
  EXPECT_THAT(receivers_of<CancelAttempt>(run.wait(1)), IsEmpty());
}

TEST(CoreEnd, ARankThatDoesNotAnswerADrainIsNotWaitedForLongerThanTheGrace) {
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(2));
  run.start();
  run.drain();
  run.give_up(0);
  run.wait(24'999);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  const Actions actions = run.wait(1);
  EXPECT_EQ(run.exit_code(), 75);
  const auto ended = changes_of<AttemptEnded>(actions);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].to, AttemptState::Cancelled);
}

TEST(CoreEnd, ADrainOfIdleRanksEndsAtOnce) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start_without_ranks();
  EXPECT_TRUE(run.drain().end.has_value());
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreEnd, ASecondDrainChangesNothing) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.drain();
  const Actions again = run.drain();
  EXPECT_THAT(again.changes, IsEmpty());
  EXPECT_THAT(again.sends, IsEmpty());
}

TEST(CoreEnd, WhenEveryGroupIsBlockedTheRunEndsWith75) {
  CoreLimits limits;
  limits.failures_per_group = 1;
  CoreRun run({make_job(1, {{8}})}, single_ranks(1), limits);
  run.start();
  run.fail(0, ErrorKind::DeviceLost);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreEnd, ARunningJoinOutlivesTheLastRank) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  run.leave(0);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 0);
}

}  // namespace
}  // namespace longtake
