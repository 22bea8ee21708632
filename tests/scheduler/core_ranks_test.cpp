// Ranks that come, fall silent, come back, leave; stale reports.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

void expect_nothing(const Actions& actions) {
  EXPECT_THAT(actions.changes, IsEmpty());
  EXPECT_THAT(actions.sends, IsEmpty());
  EXPECT_THAT(actions.joins, IsEmpty());
  EXPECT_FALSE(actions.end.has_value());
}

TEST(CoreRanks, ARankThatJoinsIsSavedAndGreetedAndGetsWork) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  EXPECT_THAT(receivers_of<GenerateSegment>(run.start_without_ranks()), IsEmpty());
  const Actions actions = run.join(0);
  ASSERT_EQ(changes_of<RankMoved>(actions).size(), 1U);
  EXPECT_EQ(changes_of<RankMoved>(actions)[0].to, RankState::Joined);
  EXPECT_EQ(changes_of<RankMoved>(actions)[0].host, "node");
  EXPECT_EQ(changes_of<RankMoved>(actions)[0].device, "cpu");
  EXPECT_THAT(receivers_of<SchedulerAlive>(actions), ElementsAre(0));
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(0));
}

TEST(CoreRanks, TheDeviceIsTheGpuOfTheRanksPlaceOnItsHost) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start_without_ranks();
  RankHardware hardware;
  hardware.rank.value = 0;
  hardware.local_index = 1;
  hardware.gpus = {{"H100", 1}, {"L40S", 1}};
  const Actions actions = run.keep(run.core().on_rank_joined(hardware, run.now_ms()));
  EXPECT_EQ(changes_of<RankMoved>(actions).at(0).device, "L40S");
}

TEST(CoreRanks, ARankThatNoGroupHasIsSentAway) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  const Actions actions = run.join(5);
  EXPECT_THAT(receivers_of<LeaveRun>(actions), ElementsAre(5));
  EXPECT_THAT(actions.changes, IsEmpty());
}

TEST(CoreRanks, ASignOfLifeIsAnswered) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  EXPECT_THAT(receivers_of<SchedulerAlive>(run.alive(0)), ElementsAre(0));
  expect_nothing(run.alive(5));
}

TEST(CoreRanks, ARankSilentForThreeSecondsIsLostAndItsSegmentGoesBackUncharged) {
  CoreLimits limits;
  limits.tries_per_segment = 1;
  CoreRun run({make_job(1, {{8}})}, single_ranks(2), limits);
  run.start();
  run.tick_after(2000);
  run.alive(1);
  expect_nothing(run.tick_after(1000));
  const Actions actions = run.tick_after(1);
  ASSERT_EQ(changes_of<RankMoved>(actions).size(), 1U);
  EXPECT_EQ(changes_of<RankMoved>(actions)[0].rank, RankId{0});
  EXPECT_EQ(changes_of<RankMoved>(actions)[0].to, RankState::Lost);
  ASSERT_EQ(changes_of<AttemptEnded>(actions).size(), 1U);
  EXPECT_EQ(changes_of<AttemptEnded>(actions)[0].to, AttemptState::Lost);
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(1));
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Running);
}

TEST(CoreRanks, ALostRankThatIsHeardIsToldToRejoinAndWorksAgain) {
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(2));
  run.start();
  run.tick_after(2000);
  run.alive(1);
  run.tick_after(1001);
  EXPECT_THAT(receivers_of<Rejoin>(run.alive(0)), ElementsAre(0));
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), ElementsAre(0));
}

TEST(CoreRanks, ARankWhoseConnectionEndedIsLostSoonUnlessItIsHeardAgain) {
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(2));
  run.start();
  run.core().on_rank_hung_up(RankId{0}, run.now_ms());
  run.core().on_rank_hung_up(RankId{1}, run.now_ms());
  run.tick_after(100);
  run.alive(0);  // sent before its end, and read a moment after it
  run.tick_after(500);
  run.alive(1);
  const Actions actions = run.tick_after(700);
  const auto ended = changes_of<AttemptEnded>(actions);
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_THAT(ended[0].message, HasSubstr("rank 0"));
  EXPECT_THAT(ended[0].message, HasSubstr("its connection has ended"));
}

TEST(CoreRanks, ARankThatRejoinsTwiceIsLeftWithOneOrder) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.tick_after(kRankSilence_ms + 1);
  // What a rank said while the network stood still comes all at once, and each word of it is answered.
  run.alive(0);
  run.alive(0);
  run.join(0);
  const AttemptId first = run.order(0).attempt;
  const Actions again = run.join(0);
  ASSERT_THAT(receivers_of<CancelAttempt>(again), ElementsAre(0));
  EXPECT_EQ(std::get<CancelAttempt>(again.sends.front().message).attempt, first);
  EXPECT_THAT(receivers_of<GenerateSegment>(again), ElementsAre(0));
}

TEST(CoreRanks, ARankThatWasNeverSeenIsToldToJoinWhenItIsHeard) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start_without_ranks();
  EXPECT_THAT(receivers_of<Rejoin>(run.alive(0)), ElementsAre(0));
}

TEST(CoreRanks, TheOnlyRankMayComeBackAfterASilence) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.tick_after(3001);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  run.alive(0);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), ElementsAre(0));
}

TEST(CoreRanks, TheRunEndsWhenTheOnlyRankStaysSilent) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.tick_after(kRankSilence_ms + 1);
  run.tick_after(kSchedulerSilence_ms);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreRanks, TheRunEndsAtOnceWhenTheOnlyRankLeaves) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  const Actions actions = run.leave(0);
  EXPECT_EQ(changes_of<AttemptEnded>(actions).at(0).to, AttemptState::Lost);
  EXPECT_EQ(changes_of<RankMoved>(actions).at(0).to, RankState::Left);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreRanks, ARankThatNeverCameIsWaitedForLonger) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start_without_ranks();
  run.tick_after(10 * kRankSilence_ms);
  EXPECT_EQ(run.exit_code(), std::nullopt);
  run.tick_after(1);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreRanks, ALostRankIsReportedOnce) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  run.leave(0);
  expect_nothing(run.leave(0));
  expect_nothing(run.leave(17));
}

TEST(CoreRanks, ARankThatJoinsAgainHasLostWhatItWasDoing) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  const Actions actions = run.join(0);
  ASSERT_EQ(changes_of<AttemptEnded>(actions).size(), 1U);
  EXPECT_EQ(changes_of<AttemptEnded>(actions)[0].to, AttemptState::Lost);
  EXPECT_EQ(run.order(0).attempt, AttemptId{2});
}

// Stale reports.

TEST(CoreRanks, ReportsOfAnotherEpochChangeNothing) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  AttemptFinished finished = run.finished_report(0);
  finished.epoch.value -= 1;
  expect_nothing(run.core().on_attempt_finished(finished, run.now_ms()));
  AttemptFailed failed = run.failed_report(0, ErrorKind::Bug);
  failed.epoch.value -= 1;
  expect_nothing(run.core().on_attempt_failed(failed, run.now_ms()));
  run.core().on_attempt_progressed({Epoch{6}, run.order(0).attempt, RankId{0}, 100}, run.now_ms());
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].frames_done, 0);
}

TEST(CoreRanks, ReportsOfAnAttemptThatIsOverChangeNothing) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  const AttemptFinished finished = run.finished_report(0);
  const AttemptFailed failed = run.failed_report(0, ErrorKind::Bug);
  run.finish(0);
  expect_nothing(run.core().on_attempt_finished(finished, run.now_ms()));
  expect_nothing(run.core().on_attempt_failed(failed, run.now_ms()));
  EXPECT_EQ(run.clips(0), (Interval{8, 16}));
}

TEST(CoreRanks, ReportsOfARankThatDoesNotHoldTheAttemptChangeNothing) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  AttemptFinished finished = run.finished_report(0);
  finished.rank.value = 1;
  expect_nothing(run.core().on_attempt_finished(finished, run.now_ms()));
  AttemptFailed failed = run.failed_report(0, ErrorKind::Bug);
  failed.rank.value = 1;
  expect_nothing(run.core().on_attempt_failed(failed, run.now_ms()));
}

TEST(CoreRanks, AFinishThatComesAfterItsRankWasGivenUpChangesNothing) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  const AttemptFinished late = run.finished_report(0);
  run.leave(0);
  expect_nothing(run.core().on_attempt_finished(late, run.now_ms()));
  EXPECT_EQ(run.clips(1), (Interval{0, 8}));
}

TEST(CoreRanks, AnOrderThatNeverArrivedIsGivenAgainUncharged) {
  CoreLimits limits;
  limits.tries_per_segment = 1;
  CoreRun run({make_job(1, {{8}})}, single_ranks(1), limits);
  run.start();
  const AttemptId first = run.order(0).attempt;
  Actions actions;
  for (int heartbeat = 0; heartbeat < 10; ++heartbeat) {
    expect_nothing(run.tick_after(kHeartbeatEvery_ms));
    run.alive_with(0, {});
  }
  actions = run.tick_after(1);
  ASSERT_EQ(changes_of<AttemptEnded>(actions).size(), 1U);
  EXPECT_EQ(changes_of<AttemptEnded>(actions)[0].attempt, first);
  EXPECT_EQ(changes_of<AttemptEnded>(actions)[0].to, AttemptState::Lost);
  EXPECT_THAT(receivers_of<CancelAttempt>(actions), ElementsAre(0));
  ASSERT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(0));
  EXPECT_NE(run.order(0).attempt, first);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Running);
}

TEST(CoreRanks, AnOrderThatTakesItsTimeIsNotGivenAgain) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  for (int heartbeat = 0; heartbeat < 40; ++heartbeat) {
    // Those that waited for a scheduler that waited for its disk come all at once.
    if (heartbeat % 8 == 0) run.alive(0);
    for (int late = 0; late < 20; ++late) run.alive_with(0, {});
    expect_nothing(run.tick_after(kHeartbeatEvery_ms));
  }
}

TEST(CoreRanks, ACancellationThatNeverArrivedIsSentAgain) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  const AttemptId old{99};
  run.finish(0);
  for (int heartbeat = 0; heartbeat < 9; ++heartbeat) {
    EXPECT_THAT(receivers_of<CancelAttempt>(run.alive_with(0, old)), IsEmpty());
    run.tick_after(kHeartbeatEvery_ms);
  }
  EXPECT_THAT(receivers_of<CancelAttempt>(run.alive_with(0, old)), ElementsAre(0));
}

TEST(CoreRanks, WhileTheDiskIsFullNobodyIsBlamedForOrdersThatCouldNotBeSent) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.disk_full();
  for (int heartbeat = 0; heartbeat < 20; ++heartbeat) {
    run.alive_with(0, {});
    expect_nothing(run.tick_after(kHeartbeatEvery_ms));
  }
}

TEST(CoreRanks, NorWhileTheyAreHeldForAnotherReason) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.core().on_orders_held(true);
  for (int heartbeat = 0; heartbeat < 20; ++heartbeat) {
    run.alive_with(0, {});
    expect_nothing(run.tick_after(kHeartbeatEvery_ms));
  }
  run.core().on_orders_held(false);
  for (int heartbeat = 0; heartbeat < 10; ++heartbeat) {
    run.alive_with(0, {});
    run.tick_after(kHeartbeatEvery_ms);
  }
  EXPECT_EQ(run.order(0).attempt, AttemptId{2}) << "then a lost message is noticed as ever";
}

TEST(CoreRanks, ASchedulerThatStoodStillItselfBlamesNoRank) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.core().on_paused(60'000);
  expect_nothing(run.tick_after(60'000));
  EXPECT_THAT(receivers_of<SchedulerAlive>(run.alive(0)), ElementsAre(0));
}

}  // namespace
}  // namespace longtake
