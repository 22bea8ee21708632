// How attempts and the rank itself end before their time: cancelled, told the end, lost, ordered to leave.
#include <gmock/gmock.h>

#include "tests/rank/rank_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RankCore, AWaitingOrderThatIsCancelledIsAnsweredAtOnce) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(order(2));
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{2}}), ElementsAre("attempt 2 cancelled"));
  EXPECT_THAT(rank.engine_says(stage_done(1)), ElementsAre("stage 0 of attempt 1 done"));
}

TEST(RankCore, AWaitingOrderBeginsWhenTheOneBeforeIsGivenUp) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  rank.hears(order(2));
  EXPECT_THAT(rank.engine_says(given_up(1)), ElementsAre("attempt 1 cancelled", "make 2"));
}

TEST(RankCore, AWaitingOrderGetsAFreshEngineWhenTheOneBeforeDoesNotObey) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  rank.hears(order(2, "liveavatar"));
  EXPECT_THAT(rank.ticks_at(5000), ElementsAre("kill", "attempt 1 cancelled", "start liveavatar"));
}

TEST(RankCore, RejoinAndLeavingForgetAWaitingOrder) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(order(2));
  EXPECT_THAT(rank.hears(Rejoin{}), ElementsAre("kill", "joined rank 3"));
  EXPECT_THAT(rank.hears(order(3)), ElementsAre("start slate"));
}

TEST(RankCore, CancelGoesToTheEngineAndItsAnswerBack) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{1}}), ElementsAre("cancel 1"));
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{1}}), IsEmpty());
  EXPECT_THAT(rank.engine_says(given_up(1)), ElementsAre("attempt 1 cancelled"));
}

TEST(RankCore, CancelOfAnotherAttemptChangesNothing) {
  RankRun rank;
  rank.busy_with(2);
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{1}}), IsEmpty());
  EXPECT_THAT(rank.engine_says(made(2)), ElementsAre(HasSubstr("attempt 2 finished")));
}

TEST(RankCore, CancelWhileTheEngineLoadsIsAnsweredAtOnceAndTheEngineGoesOnLoading) {
  RankRun rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{1}}), ElementsAre("attempt 1 cancelled"));
  EXPECT_THAT(rank.hears(order(2)), IsEmpty());
  EXPECT_THAT(rank.engine_says(started()), ElementsAre("make 2"));
}

TEST(RankCore, ASegmentFinishedDuringItsCancellationIsFinished) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  EXPECT_THAT(rank.engine_says(made(1)), ElementsAre(HasSubstr("attempt 1 finished")));
}

TEST(RankCore, AnEngineThatDoesNotObeyACancelIsKilledAfterFiveSeconds) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  EXPECT_THAT(rank.ticks_at(4999), IsEmpty());
  EXPECT_THAT(rank.ticks_at(5000), ElementsAre("kill", "attempt 1 cancelled"));
}

TEST(RankCore, TheEndIsPassedOnToTheEngineAndWhatItKeepsIsNoFailure) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.hears(FinishAttempt{AttemptId{1}, 5000}), ElementsAre("finish 1 within 5000 ms"));
  EXPECT_THAT(rank.hears(FinishAttempt{AttemptId{1}, 2000}), ElementsAre("finish 1 within 2000 ms"));
  EXPECT_THAT(rank.engine_says(SegmentGivenUp{AttemptId{1}, ErrorKind::DeviceLost, "kept", true}),
              ElementsAre("attempt 1 cancelled"));
}

TEST(RankCore, AFailureOnTheWayToTheEndIsAFailure) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(FinishAttempt{AttemptId{1}, 5000});
  EXPECT_THAT(rank.engine_says(given_up(1)), ElementsAre("attempt 1 failed, io: no paper"));
}

TEST(RankCore, WhatItsEngineHasNotBegunEndsAtOnce) {
  RankRun rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.hears(FinishAttempt{AttemptId{1}, 5000}), ElementsAre("attempt 1 cancelled"));
  EXPECT_THAT(rank.hears(FinishAttempt{AttemptId{2}, 5000}), IsEmpty());
}

TEST(RankCore, ACutSegmentIsToldWithItsClips) {
  RankCore core(RankHardware{RankId{3}, "node", 1, 0, 1, {}}, {});
  core.on_start(0);
  core.on_order(order(1), 0);
  core.on_report(started(), 0, 0);
  SegmentMade cut = made(1);
  cut.cut_to = {0, 3};
  const RankActions actions = core.on_report(cut, 0, 0);
  ASSERT_EQ(actions.size(), 1U);
  const RankMessage& told = std::get<TellScheduler>(actions[0]).message;
  EXPECT_EQ(std::get<AttemptFinished>(told).cut_to, (Interval{0, 3}));
}

TEST(RankCore, RejoinWhileBusyKillsTheEngineAndSaysNothingOfTheAttempt) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.hears(Rejoin{}), ElementsAre("kill", "joined rank 3"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, RejoinWhileIdleKeepsTheEngine) {
  RankRun rank;
  rank.busy_with(1);
  rank.engine_says(made(1));
  EXPECT_THAT(rank.hears(Rejoin{}), ElementsAre("joined rank 3"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("make 2"));
}

TEST(RankCore, LeavesWhenToldTo) {
  RankRun rank;
  EXPECT_THAT(rank.hears(LeaveRun{}), ElementsAre("leave 0"));
  RankRun busy;
  busy.busy_with(1);
  EXPECT_THAT(busy.hears(LeaveRun{}), ElementsAre("stop", "leave 0"));
}

TEST(RankCore, ASignalIsToldAndEndsTheRank) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(texts_of(rank.core().on_signal("TERM")), ElementsAre("left: signal TERM", "stop", "leave 1"));
}

TEST(RankCore, ALostLauncherEndsTheRank) {
  RankRun rank;
  EXPECT_THAT(texts_of(rank.core().on_launcher_lost()), ElementsAre(HasSubstr("left: "), "leave 3"));
}

}  // namespace
}  // namespace longtake
