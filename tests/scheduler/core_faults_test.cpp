// What a failed attempt leads to: who is charged, where it is tried again, when a job or a group is given up.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

JobState state_of(CoreRun& run, std::int64_t job) { return run.core().job(JobId{job}).state; }

std::string group_state(CoreRun& run, std::size_t group) {
  return run.core().status(run.now_ms()).groups.at(group).state;
}

TEST(CoreFaults, AFailedSegmentIsTriedElsewhereFirst) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  const Actions actions = run.fail(0, ErrorKind::DeviceLost);
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(1));
  EXPECT_EQ(run.order(1).attempt, AttemptId{2});
}

TEST(CoreFaults, WhileAllOthersAreBusyItWaitsForOneOfThem) {
  CoreRun run({make_job(1, {{8, 8}, {6, 6}, {4}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::DeviceLost);
  EXPECT_EQ(run.clips(0), (Interval{28, 32})) << "the rank that failed does something else";
  run.finish(1);
  EXPECT_EQ(run.clips(1), (Interval{0, 8}));
}

TEST(CoreFaults, ABadRankAloneDoesNotFailAJob) {
  CoreRun run({make_job(1, {{8}, {8}, {8}, {8}, {8}})}, single_ranks(2));
  run.start();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(run.has_order(0));
    run.fail(0, ErrorKind::DeviceLost);
  }
  EXPECT_EQ(group_state(run, 0), "blocked");
  while (run.has_order(1)) run.finish(1);
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(CoreFaults, AGroupThatLosesItsAttemptAgainAndAgainIsNotUsedAnyMore) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  for (int lost = 1; lost < 5; ++lost) {
    EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), ElementsAre(0)) << "its rank starts over";
  }
  const auto notes = changes_of<EventNoted>(run.join(0));
  ASSERT_FALSE(notes.empty());
  EXPECT_EQ(notes[0].text,
            "group 0 on node lost its attempt 5 times in a row and is not used any more in this run");
  EXPECT_EQ(group_state(run, 0), "blocked");
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreFaults, AFinishedSegmentMakesUpForLostAttempts) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  for (int lost = 0; lost < 4; ++lost) run.join(0);
  run.finish(0);
  for (int lost = 0; lost < 4; ++lost) run.join(0);
  EXPECT_EQ(group_state(run, 0), "busy");
}

TEST(CoreFaults, WithoutAnElsewhereItIsTriedAgainInPlace) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  EXPECT_THAT(receivers_of<GenerateSegment>(run.fail(0, ErrorKind::DeviceLost)), ElementsAre(0));
}

TEST(CoreFaults, WhenTheLastOtherRankIsLostItIsTriedInPlace) {
  CoreRun run({make_job(1, {{8}, {6, 6}})}, single_ranks(2));
  run.start();
  EXPECT_EQ(run.clips(1), (Interval{0, 8}));
  EXPECT_THAT(receivers_of<GenerateSegment>(run.fail(1, ErrorKind::DeviceLost)), IsEmpty());
  run.leave(0);
  EXPECT_EQ(run.clips(1), (Interval{8, 14})) << "the longer chain first";
  run.finish(1);
  EXPECT_EQ(run.clips(1), (Interval{0, 8}));
}

TEST(CoreFaults, AnEngineThatEndsBeforeItGetsASegmentIsNoFaultOfTheSegment) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  for (int i = 0; i < 2; ++i) {
    run.fail_start(0);
    run.fail_start(1);
  }
  EXPECT_EQ(state_of(run, 1), JobState::Running);
  run.finish(0);
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(CoreFaults, ARankWhoseEngineDoesNotStartThreeTimesInARowIsNotUsedAnyMore) {
  CoreRun run({make_job(1, {{8, 8, 8, 8}})}, single_ranks(1));
  run.start();
  run.fail_start(0);
  run.fail_start(0);
  run.finish(0);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(run.has_order(0));
    run.fail_start(0);
  }
  EXPECT_EQ(group_state(run, 0), "blocked");
  EXPECT_EQ(state_of(run, 1), JobState::Running);
}

TEST(CoreFaults, ThreeFailuresOfASegmentFailItsJobAndOthersGoOn) {
  CoreRun run({make_job(1, {{8}}, 1), make_job(2, {{4}})}, single_ranks(1));
  run.start();
  run.fail(0, ErrorKind::DeviceLost);
  run.fail(0, ErrorKind::DeviceLost);
  EXPECT_EQ(state_of(run, 1), JobState::Running);
  run.fail(0, ErrorKind::DeviceLost, "engine exited with signal 11");
  EXPECT_EQ(state_of(run, 1), JobState::Failed);
  EXPECT_THAT(run.core().job(JobId{1}).message,
              testing::AllOf(HasSubstr("clips 0:8 failed 3 times"), HasSubstr("signal 11")));
  EXPECT_EQ(run.job_of(0), "job-2");
  run.finish(0);
  run.film_joined(2);
  EXPECT_EQ(run.exit_code(), 1);
}

TEST(CoreFaults, FailuresAreCountedPerSegment) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  for (int segment = 0; segment < 2; ++segment) {
    run.fail(0, ErrorKind::DeviceLost);
    run.fail(0, ErrorKind::DeviceLost);
    run.finish(0);
  }
  EXPECT_EQ(state_of(run, 1), JobState::Joining);
}

TEST(CoreFaults, AFailedJobsOtherAttemptsAreCancelledAndStartNothingNew) {
  CoreRun run({make_job(1, {{8, 8}, {8, 8}}), make_job(2, {{1}})}, single_ranks(2));
  run.start();
  const Actions actions = run.fail(0, ErrorKind::Bug);
  EXPECT_THAT(receivers_of<CancelAttempt>(actions), ElementsAre(1));
  EXPECT_EQ(run.job_of(0), "job-2");
  EXPECT_THAT(receivers_of<GenerateSegment>(run.give_up(1)), IsEmpty());
}

TEST(CoreFaults, ASegmentThatFinishesAfterItsJobFailedIsKept) {
  CoreRun run({make_job(1, {{8}, {8}}), make_job(2, {{1}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::Bug);
  const Actions actions = run.finish(1);
  EXPECT_EQ(changes_of<AttemptSucceeded>(actions).size(), 1U);
  EXPECT_THAT(changes_of<JobMoved>(actions), IsEmpty());
  EXPECT_EQ(state_of(run, 1), JobState::Failed);
}

class FatalKind : public testing::TestWithParam<ErrorKind> {};

TEST_P(FatalKind, FailsTheJobAtOnceAndChargesNoGroup) {
  CoreRun run({make_job(1, {{8}}, 2), make_job(2, {{8}}, 1), make_job(3, {{8}}), make_job(4, {{8}}, -1)},
              single_ranks(1));
  run.start();
  for (std::int64_t job = 1; job <= 3; ++job) {
    run.fail(0, GetParam(), "made up");
    EXPECT_EQ(state_of(run, job), JobState::Failed);
    EXPECT_EQ(run.core().job(JobId{job}).message, "clips 0:8: made up");
  }
  EXPECT_EQ(run.job_of(0), "job-4");
}

INSTANTIATE_TEST_SUITE_P(CoreFaults, FatalKind,
                         testing::Values(ErrorKind::InvalidInput, ErrorKind::OutOfMemory, ErrorKind::Bug),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

TEST(CoreFaults, AnIoErrorIsTriedAgainAfterAPause) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  EXPECT_THAT(receivers_of<GenerateSegment>(run.fail(0, ErrorKind::Io)), IsEmpty());
  EXPECT_THAT(receivers_of<GenerateSegment>(run.wait(1999)), IsEmpty());
  EXPECT_THAT(receivers_of<GenerateSegment>(run.wait(1)), ElementsAre(1));
}

TEST(CoreFaults, ThePauseIsOnlyForTheRangeThatFailed) {
  CoreRun run({make_job(1, {{8}, {4}})}, single_ranks(1));
  run.start();
  EXPECT_THAT(receivers_of<GenerateSegment>(run.fail(0, ErrorKind::Io)), ElementsAre(0));
  EXPECT_EQ(run.clips(0), (Interval{8, 12}));
}

TEST(CoreFaults, APauseOfAJobThatFailedMeanwhileLeadsToNothing) {
  CoreRun run({make_job(1, {{8}, {4}}), make_job(2, {{1}})}, single_ranks(1));
  run.start();
  run.fail(0, ErrorKind::Io);
  run.fail(0, ErrorKind::Bug);
  EXPECT_EQ(run.job_of(0), "job-2");
  run.wait(2000);
  run.finish(0);
  EXPECT_FALSE(run.has_order(0));
}

TEST(CoreFaults, AGroupIsBlockedAfterFailuresAtThreeDifferentSegments) {
  CoreRun run({make_job(1, {{8}, {8}, {8}, {8}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::DeviceLost);
  run.fail(0, ErrorKind::DeviceLost);
  EXPECT_NE(group_state(run, 0), "blocked");
  const Actions actions = run.fail(0, ErrorKind::DeviceLost);
  EXPECT_EQ(group_state(run, 0), "blocked");
  EXPECT_FALSE(run.has_order(0));
  ASSERT_EQ(changes_of<RankMoved>(actions).size(), 1U);
  EXPECT_EQ(changes_of<RankMoved>(actions)[0].to, RankState::Blocked);
  EXPECT_EQ(changes_of<RankMoved>(actions)[0].rank, RankId{0});
}

TEST(CoreFaults, ABlockedGroupStaysBlockedWhenItsRankComesBack) {
  CoreRun run({make_job(1, {{8}, {8}, {8}, {8}})}, single_ranks(2));
  run.start();
  for (int i = 0; i < 3; ++i) run.fail(0, ErrorKind::DeviceLost);
  const Actions back = run.join(0);
  EXPECT_THAT(receivers_of<GenerateSegment>(back), IsEmpty());
  EXPECT_EQ(changes_of<RankMoved>(back).at(0).to, RankState::Blocked);
  EXPECT_EQ(group_state(run, 0), "blocked");
}

TEST(CoreFaults, TwoBadSegmentsInTurnSayNothingAgainstTheGroup) {
  CoreRun run({make_job(1, {{8}}), make_job(2, {{8}})}, single_ranks(1));
  run.start();
  for (int i = 0; i < 3; ++i) {  // each of the two fails while the other one pauses
    run.fail(0, ErrorKind::Io);
    ASSERT_TRUE(run.has_order(0)) << "round " << i;
    run.fail(0, ErrorKind::Io);
    run.wait(2000);
  }
  EXPECT_EQ(state_of(run, 1), JobState::Failed);
  EXPECT_EQ(state_of(run, 2), JobState::Failed);
  EXPECT_EQ(run.exit_code(), 1);
}

TEST(CoreFaults, ASuccessClearsTheGroupsRecord) {
  CoreRun run({make_job(1, {{8}, {8}, {8}, {4, 4}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::DeviceLost);
  run.fail(0, ErrorKind::DeviceLost);
  run.finish(0);
  run.finish(1);
  run.fail(0, ErrorKind::DeviceLost);
  EXPECT_NE(group_state(run, 0), "blocked");
}

TEST(CoreFaults, AfterASuccessTheSegmentThatFailedLastCountsAgain) {
  CoreLimits limits;
  limits.tries_per_segment = 100;
  limits.failures_per_group = 2;
  CoreRun run({make_job(1, {{1}}), make_job(2, {{1}}, -1), make_job(3, {{1, 1}}, -2)}, single_ranks(1),
              limits);
  run.start();
  run.fail(0, ErrorKind::Io);  // job 1
  run.finish(0);               // job 2
  run.wait(2000);
  run.finish(0);  // the first segment of job 3
  EXPECT_EQ(run.job_of(0), "job-1");
  run.fail(0, ErrorKind::Io);  // job 1 again: the first failure in a row
  run.fail(0, ErrorKind::Io);  // job 3: the second
  EXPECT_EQ(group_state(run, 0), "blocked");
}

TEST(CoreFaults, ACancelledAttemptChargesNobody) {
  CoreLimits limits;
  limits.tries_per_segment = 1;
  limits.failures_per_group = 1;
  CoreRun run({make_job(1, {{8}})}, single_ranks(1), limits);
  run.start();
  for (int i = 0; i < 5; ++i) {
    const auto ended = changes_of<AttemptEnded>(run.give_up(0));
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].to, AttemptState::Cancelled);
    ASSERT_TRUE(run.has_order(0));
  }
}

TEST(CoreFaults, AnErrorAfterACancelChargesNobodyEither) {
  CoreRun run({make_job(1, {{8}, {8}}), make_job(2, {{8}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::Bug);  // job 1 fails, rank 1 is told to cancel
  const auto ended = changes_of<AttemptEnded>(run.fail(1, ErrorKind::DeviceLost));
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].to, AttemptState::Cancelled);
}

TEST(CoreFaults, AFailureIsSavedWithItsKindAndMessage) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  const auto ended = changes_of<AttemptEnded>(run.fail(0, ErrorKind::DeviceLost, "the GPU fell off the bus"));
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].attempt, AttemptId{1});
  EXPECT_EQ(ended[0].segment, SegmentId{1000});
  EXPECT_EQ(ended[0].to, AttemptState::Failed);
  EXPECT_EQ(ended[0].kind, ErrorKind::DeviceLost);
  EXPECT_EQ(ended[0].message, "the GPU fell off the bus");
}

}  // namespace
}  // namespace longtake
