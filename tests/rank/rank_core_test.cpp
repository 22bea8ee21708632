#include "rank/rank_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rank/action_text.h"

namespace longtake {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

GenerateSegment order(std::int64_t attempt, const std::string& engine = "slate") {
  GenerateSegment message;
  message.epoch = Epoch{1};
  message.engine = engine;
  message.order.attempt = AttemptId{attempt};
  return message;
}

GenerateSegment plain_order(std::int64_t attempt) {
  GenerateSegment message = order(attempt);
  message.plain_transport = true;
  return message;
}

EngineStarted started() { return {kEngineProtocol, "slate", "1"}; }
FramesMade frames(std::int64_t attempt, std::int64_t made) { return {AttemptId{attempt}, made}; }
SegmentMade made(std::int64_t attempt) { return {AttemptId{attempt}, SegmentFacts{1000, 48, 1, 2, 3}, {}}; }
StageDone stage_done(std::int64_t attempt) { return {AttemptId{attempt}, {}}; }
SegmentGivenUp given_up(std::int64_t attempt) {
  return {AttemptId{attempt}, ErrorKind::Io, "no paper", false};
}

/// A rank whose events are told in one line each; its clock stands still unless it is moved.
class Rank {
 public:
  Rank() : core_(hardware(), {}) { core_.on_start(0); }

  std::vector<std::string> hears(const SchedulerMessage& message) {
    return texts_of(core_.on_order(message, now_ms));
  }
  std::vector<std::string> engine_says(const EngineReport& report) {
    return texts_of(core_.on_report(report, 4096, now_ms));
  }
  std::vector<std::string> engine_dies(const std::string& how) {
    return texts_of(core_.on_engine_died(how, now_ms));
  }
  std::vector<std::string> engine_does_not_start(const Error& error) {
    return texts_of(core_.on_engine_not_spawned(error, now_ms));
  }
  /// What the rank does at `later_ms`, with a scheduler that speaks and heartbeats left out.
  std::vector<std::string> ticks_at(std::int64_t later_ms) {
    now_ms = later_ms;
    core_.on_order(SchedulerAlive{Epoch{1}}, now_ms);
    std::vector<std::string> texts;
    for (const std::string& text : texts_of(core_.on_tick(now_ms))) {
      if (text.rfind("alive", 0) != 0) texts.push_back(text);
    }
    return texts;
  }
  /// Is making `attempt`.
  Rank& busy_with(std::int64_t attempt) {
    hears(order(attempt));
    engine_says(started());
    return *this;
  }
  RankCore& core() { return core_; }

  std::int64_t now_ms = 0;

 private:
  static RankHardware hardware() {
    RankHardware facts;
    facts.rank = RankId{3};
    return facts;
  }
  RankCore core_;
};

TEST(RankCore, JoinsFirst) {
  RankCore core(RankHardware{RankId{3}, "node", 1, 0, 1, {}}, {});
  EXPECT_THAT(texts_of(core.on_start(0)), ElementsAre("joined rank 3"));
}

TEST(RankCore, StartsTheEngineAtTheFirstOrderAndHandsOverOnceItIsUp) {
  Rank rank;
  EXPECT_THAT(rank.hears(order(1)), ElementsAre("start slate"));
  EXPECT_THAT(rank.engine_says(started()), ElementsAre("make 1"));
}

TEST(RankCore, KeepsTheEngineForTheNextSegment) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.engine_says(made(1)), ElementsAre("attempt 1 finished, 48 frames, peak 4096"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("make 2"));
}

TEST(RankCore, ReplacesTheEngineWhenAnotherKindIsWanted) {
  Rank rank;
  rank.busy_with(1);
  rank.engine_says(made(1));
  EXPECT_THAT(rank.hears(order(2, "liveavatar")), ElementsAre("stop", "start liveavatar"));
}

TEST(RankCore, ReplacesTheEngineOnceForPlainTransport) {
  Rank rank;
  rank.busy_with(1);
  rank.engine_says(SegmentGivenUp{AttemptId{1}, ErrorKind::NotConnected, "NCCL: no way", false});
  EXPECT_THAT(rank.hears(plain_order(2)), ElementsAre("stop", "start slate with plain transport"));
  EXPECT_THAT(rank.engine_says(started()), ElementsAre("make 2"));
  rank.engine_says(made(2));
  EXPECT_THAT(rank.hears(plain_order(3)), ElementsAre("make 3"));
  rank.engine_says(made(3));
  EXPECT_THAT(rank.hears(order(4)), ElementsAre("make 4")) << "what can do without may be without";
}

TEST(RankCore, StartsAnEngineThatIsNotThereWithPlainTransportAtOnce) {
  Rank rank;
  EXPECT_THAT(rank.hears(plain_order(1)), ElementsAre("start slate with plain transport"));
  rank.engine_says(started());
  rank.engine_dies("killed by signal 9 (SIGKILL)");
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, ReplacesAnEngineThatStillAnswersWhenPlainTransportWaits) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  EXPECT_THAT(rank.hears(plain_order(2)), IsEmpty());
  EXPECT_THAT(
      rank.engine_says(SegmentGivenUp{AttemptId{1}, ErrorKind::DeviceLost, "given up as ordered", true}),
      ElementsAre("attempt 1 cancelled", "stop", "start slate with plain transport"));
}

TEST(RankCore, KeepsOneOrderWaitingUntilItsEngineIsIdle) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.hears(order(2)), IsEmpty());
  EXPECT_THAT(rank.engine_says(stage_done(1)), ElementsAre("stage 0 of attempt 1 done", "make 2"));
  EXPECT_THAT(rank.engine_says(made(2)), ElementsAre(HasSubstr("attempt 2 finished")));
}

TEST(RankCore, RefusesAThirdOrderAndAnswersRepeatedOnesWithNothing) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(order(2));
  EXPECT_THAT(rank.hears(order(1)), IsEmpty());
  EXPECT_THAT(rank.hears(order(2)), IsEmpty());
  EXPECT_THAT(rank.hears(order(3)),
              ElementsAre("attempt 3 failed, bug: rank 3 is still busy with attempt 1, and attempt 2 waits"));
  EXPECT_THAT(rank.engine_says(made(1)), ElementsAre(HasSubstr("attempt 1 finished"), "make 2"));
}

TEST(RankCore, HeartbeatsNameTheNewestAttemptThatHasNoAnswerYet) {
  Rank rank;
  const auto named = [&] {
    rank.now_ms += kHeartbeatEvery_ms;
    for (const RankAction& action : rank.core().on_tick(rank.now_ms)) {
      const auto* told = std::get_if<TellScheduler>(&action);
      if (told == nullptr) continue;
      if (const auto* alive = std::get_if<RankAlive>(&told->message)) return alive->attempt;
    }
    return AttemptId{-2};
  };
  EXPECT_EQ(named(), AttemptId{});
  rank.busy_with(1);
  EXPECT_EQ(named(), AttemptId{1});
  rank.hears(order(2));
  EXPECT_EQ(named(), AttemptId{2});
  rank.engine_says(stage_done(1));
  EXPECT_EQ(named(), AttemptId{2});
  rank.engine_says(made(2));
  EXPECT_EQ(named(), AttemptId{});
}

TEST(RankCore, AWaitingOrderThatIsCancelledIsAnsweredAtOnce) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(order(2));
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{2}}), ElementsAre("attempt 2 cancelled"));
  EXPECT_THAT(rank.engine_says(stage_done(1)), ElementsAre("stage 0 of attempt 1 done"));
}

TEST(RankCore, AWaitingOrderBeginsWhenTheOneBeforeIsGivenUp) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  rank.hears(order(2));
  EXPECT_THAT(rank.engine_says(given_up(1)), ElementsAre("attempt 1 cancelled", "make 2"));
}

TEST(RankCore, AWaitingOrderGetsAFreshEngineWhenTheOneBeforeDies) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(order(2));
  EXPECT_THAT(rank.engine_dies("exit code 1"),
              ElementsAre(HasSubstr("attempt 1 failed, device_lost"), "start slate"));
  EXPECT_THAT(rank.engine_says(started()), ElementsAre("make 2"));
}

TEST(RankCore, AWaitingOrderGetsAFreshEngineWhenTheOneBeforeDoesNotObey) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  rank.hears(order(2, "liveavatar"));
  EXPECT_THAT(rank.ticks_at(5000), ElementsAre("kill", "attempt 1 cancelled", "start liveavatar"));
}

TEST(RankCore, RejoinAndLeavingForgetAWaitingOrder) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(order(2));
  EXPECT_THAT(rank.hears(Rejoin{}), ElementsAre("kill", "joined rank 3"));
  EXPECT_THAT(rank.hears(order(3)), ElementsAre("start slate"));
}

TEST(RankCore, RefusesAnEngineOfAnotherProtocolNamingBothNumbers) {
  Rank rank;
  rank.hears(order(1));
  const auto actions = rank.engine_says(EngineStarted{99, "slate", "1"});
  EXPECT_THAT(actions, ElementsAre("kill", HasSubstr("attempt 1 failed, bug: ")));
  EXPECT_THAT(actions.at(1), testing::AllOf(HasSubstr("protocol 99"), HasSubstr("speaks 4")));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, ReportsBeforeEngineStartedEndTheEngine) {
  Rank rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.engine_says(frames(1, 12)),
              ElementsAre("kill", HasSubstr("attempt 1 failed, device_lost")));
}

TEST(RankCore, TellsProgressAtMostEvery200MsAndTheRestOnATick) {
  Rank rank;
  rank.busy_with(1);
  rank.now_ms = 199;
  EXPECT_THAT(rank.engine_says(frames(1, 12)), IsEmpty());
  rank.now_ms = 200;
  EXPECT_THAT(rank.engine_says(frames(1, 24)), ElementsAre("attempt 1 at 24 frames"));
  rank.now_ms = 210;
  EXPECT_THAT(rank.engine_says(frames(1, 36)), IsEmpty());
  EXPECT_THAT(rank.ticks_at(399), IsEmpty());
  EXPECT_THAT(rank.ticks_at(400), ElementsAre("attempt 1 at 36 frames"));
  EXPECT_THAT(rank.ticks_at(900), IsEmpty());
}

TEST(RankCore, AnEngineThatDiesLosesItsAttemptAndTheNextGetsAFreshOne) {
  Rank rank;
  rank.busy_with(1);
  const auto actions = rank.engine_dies("killed by signal 9 (SIGKILL)");
  EXPECT_THAT(actions, ElementsAre(HasSubstr("attempt 1 failed, device_lost: ")));
  EXPECT_THAT(actions.at(0), HasSubstr("killed by signal 9 (SIGKILL)"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, SaysWhetherTheEngineThatDiedHadTheSegment) {
  const auto had_segment = [](const RankActions& actions) {
    return std::get<AttemptFailed>(std::get<TellScheduler>(actions.at(0)).message).had_segment;
  };
  Rank starting;
  starting.hears(order(1));
  EXPECT_FALSE(had_segment(starting.core().on_engine_died("gone", 0)));
  Rank making;
  making.busy_with(1);
  EXPECT_TRUE(had_segment(making.core().on_engine_died("gone", 0)));
}

TEST(RankCore, AnEngineThatDiesWhileIdleIsReplacedQuietly) {
  Rank rank;
  rank.busy_with(1);
  rank.engine_says(made(1));
  EXPECT_THAT(rank.engine_dies("exit code 1"), IsEmpty());
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, AnEngineThatCannotBeStartedFailsTheAttemptWithItsReason) {
  Rank rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.engine_does_not_start(Error(ErrorKind::InvalidInput, "no such program")),
              ElementsAre("attempt 1 failed, invalid_input: no such program"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, PassesAFailureOnAndKeepsTheEngine) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.engine_says(given_up(1)), ElementsAre("attempt 1 failed, io: no paper"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("make 2"));
}

TEST(RankCore, CancelGoesToTheEngineAndItsAnswerBack) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{1}}), ElementsAre("cancel 1"));
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{1}}), IsEmpty());
  EXPECT_THAT(rank.engine_says(given_up(1)), ElementsAre("attempt 1 cancelled"));
}

TEST(RankCore, CancelOfAnotherAttemptChangesNothing) {
  Rank rank;
  rank.busy_with(2);
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{1}}), IsEmpty());
  EXPECT_THAT(rank.engine_says(made(2)), ElementsAre(HasSubstr("attempt 2 finished")));
}

TEST(RankCore, CancelWhileTheEngineLoadsIsAnsweredAtOnceAndTheEngineGoesOnLoading) {
  Rank rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.hears(CancelAttempt{AttemptId{1}}), ElementsAre("attempt 1 cancelled"));
  EXPECT_THAT(rank.hears(order(2)), IsEmpty());
  EXPECT_THAT(rank.engine_says(started()), ElementsAre("make 2"));
}

TEST(RankCore, ASegmentFinishedDuringItsCancellationIsFinished) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  EXPECT_THAT(rank.engine_says(made(1)), ElementsAre(HasSubstr("attempt 1 finished")));
}

TEST(RankCore, AnEngineThatDoesNotObeyACancelIsKilledAfterFiveSeconds) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  EXPECT_THAT(rank.ticks_at(4999), IsEmpty());
  EXPECT_THAT(rank.ticks_at(5000), ElementsAre("kill", "attempt 1 cancelled"));
}

TEST(RankCore, TheEndIsPassedOnToTheEngineAndWhatItKeepsIsNoFailure) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.hears(FinishAttempt{AttemptId{1}, 5000}), ElementsAre("finish 1 within 5000 ms"));
  EXPECT_THAT(rank.hears(FinishAttempt{AttemptId{1}, 2000}), ElementsAre("finish 1 within 2000 ms"));
  EXPECT_THAT(rank.engine_says(SegmentGivenUp{AttemptId{1}, ErrorKind::DeviceLost, "kept", true}),
              ElementsAre("attempt 1 cancelled"));
}

TEST(RankCore, AFailureOnTheWayToTheEndIsAFailure) {
  Rank rank;
  rank.busy_with(1);
  rank.hears(FinishAttempt{AttemptId{1}, 5000});
  EXPECT_THAT(rank.engine_says(given_up(1)), ElementsAre("attempt 1 failed, io: no paper"));
}

TEST(RankCore, AnEngineThatGivesUpUnaskedFails) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.engine_says(SegmentGivenUp{AttemptId{1}, ErrorKind::DeviceLost, "tired", true}),
              ElementsAre("attempt 1 failed, device_lost: tired"));
}

TEST(RankCore, WhatItsEngineHasNotBegunEndsAtOnce) {
  Rank rank;
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

TEST(RankCore, ReportsOfOtherAttemptsAreIgnored) {
  Rank rank;
  rank.busy_with(2);
  rank.now_ms = 1000;
  EXPECT_THAT(rank.engine_says(frames(1, 12)), IsEmpty());
  EXPECT_THAT(rank.engine_says(made(1)), IsEmpty());
  EXPECT_THAT(rank.engine_says(given_up(1)), IsEmpty());
  EXPECT_THAT(rank.engine_says(made(2)), ElementsAre(HasSubstr("attempt 2 finished")));
}

TEST(RankCore, RejoinWhileBusyKillsTheEngineAndSaysNothingOfTheAttempt) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.hears(Rejoin{}), ElementsAre("kill", "joined rank 3"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, RejoinWhileIdleKeepsTheEngine) {
  Rank rank;
  rank.busy_with(1);
  rank.engine_says(made(1));
  EXPECT_THAT(rank.hears(Rejoin{}), ElementsAre("joined rank 3"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("make 2"));
}

TEST(RankCore, LeavesWhenToldTo) {
  Rank rank;
  EXPECT_THAT(rank.hears(LeaveRun{}), ElementsAre("leave 0"));
  Rank busy;
  busy.busy_with(1);
  EXPECT_THAT(busy.hears(LeaveRun{}), ElementsAre("stop", "leave 0"));
}

TEST(RankCore, ASignalIsToldAndEndsTheRank) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(texts_of(rank.core().on_signal("TERM")), ElementsAre("left: signal TERM", "stop", "leave 1"));
}

TEST(RankCore, ALostLauncherEndsTheRank) {
  Rank rank;
  EXPECT_THAT(texts_of(rank.core().on_launcher_lost()), ElementsAre(HasSubstr("left: "), "leave 3"));
}

TEST(RankCore, ASilentSchedulerEndsTheRankAndItsEngine) {
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(texts_of(rank.core().on_tick(kSchedulerSilence_ms - 1)), ElementsAre("alive, engine pid 0"));
  EXPECT_THAT(texts_of(rank.core().on_tick(kSchedulerSilence_ms)), ElementsAre("stop", "leave 2"));
}

TEST(RankCore, SaysThatItIsAliveEveryHalfSecondAndNamesItsEngine) {
  Rank rank;
  EXPECT_THAT(texts_of(rank.core().on_tick(499)), IsEmpty());
  EXPECT_THAT(texts_of(rank.core().on_tick(500)), ElementsAre("alive, engine pid 0"));
  rank.hears(order(1));
  rank.core().on_engine_spawned(77);
  EXPECT_THAT(texts_of(rank.core().on_tick(999)), IsEmpty());
  EXPECT_THAT(texts_of(rank.core().on_tick(1000)), ElementsAre("alive, engine pid 77"));
}

TEST(RankCore, AnEngineThatIsNotUpAfterALongTimeIsKilled) {
  const std::int64_t limit_ms = RankLimits().silence_ms.at(EnginePhase::Start);
  Rank rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.ticks_at(limit_ms - 1), IsEmpty());
  EXPECT_THAT(rank.ticks_at(limit_ms), ElementsAre("kill", HasSubstr("not ready 900 s after its start")));
}

TEST(RankCore, TheFirstReportMayTakeLong) {
  const std::int64_t limit_ms = RankLimits().silence_ms.at(EnginePhase::Load);
  Rank rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.ticks_at(limit_ms - 1), IsEmpty());
  EXPECT_THAT(rank.ticks_at(limit_ms), ElementsAre("kill", HasSubstr("no progress for 600 s")));
}

TEST(RankCore, LaterReportsMayTakeAMinute) {
  Rank rank;
  rank.busy_with(1);
  rank.now_ms = 500'000;
  rank.engine_says(frames(1, 12));
  rank.ticks_at(559'999);
  rank.now_ms = 559'999;
  EXPECT_THAT(rank.ticks_at(560'000), ElementsAre("kill", HasSubstr("no progress for 60 s after 12 frames")));
}

/// Makes `attempt` whole: its first sign after a second, the others `every_ms`. The clock starts anew.
void make_one(Rank& rank, std::int64_t attempt, std::int64_t every_ms) {
  rank.hears(order(attempt));
  rank.engine_says(started());
  rank.now_ms += 1'000;
  rank.engine_says(frames(attempt, 12));
  rank.now_ms += every_ms;
  rank.engine_says(frames(attempt, 24));
  rank.engine_says(made(attempt));
}

TEST(RankCore, AfterAFinishedSegmentAnEngineGetsAMultipleOfItsLongestSilence) {
  Rank rank;
  make_one(rank, 1, 2'000);
  rank.hears(order(2));
  rank.engine_says(frames(2, 12));
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 39'999), Not(Contains("kill")));
  EXPECT_THAT(
      rank.ticks_at(rank.now_ms + 1),
      ElementsAre("kill", HasSubstr("no progress for 40 s after 12 frames (the longest silence of a finished "
                                    "segment was 2 s)")));
}

TEST(RankCore, TheSilenceBeforeTheAnswerCountsToo) {
  Rank rank;
  rank.busy_with(1);
  rank.engine_says(frames(1, 48));
  rank.now_ms = 2'000;  // a slow disk
  rank.engine_says(made(1));
  rank.hears(order(2));
  rank.engine_says(frames(2, 12));
  EXPECT_THAT(rank.ticks_at(41'999), Not(Contains("kill")));
}

TEST(RankCore, AnEngineThatMadeSuchASegmentNeedNotLoad) {
  Rank rank;
  make_one(rank, 1, 1'000);
  rank.hears(order(2));
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 299'999), IsEmpty());
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 1), ElementsAre("kill", HasSubstr("no progress for 300 s")));
}

TEST(RankCore, AnEngineThatMadeAnotherSizeOfFilmLoadsAgain) {
  Rank rank;
  make_one(rank, 1, 1'000);
  GenerateSegment other = order(2);
  other.order.size = {384, 704};
  rank.hears(other);
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 599'999), IsEmpty());
}

TEST(RankCore, ALimitThatEndedAnEngineIsNotTrustedAgain) {
  Rank rank;
  make_one(rank, 1, 1'000);
  rank.hears(order(2));
  rank.engine_says(frames(2, 12));
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 30'000), ElementsAre("kill", HasSubstr("no progress for 30 s")));
  rank.hears(order(3));
  rank.engine_says(started());
  rank.engine_says(frames(3, 12));
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 59'999), Not(Contains("kill")));
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 1), ElementsAre("kill", HasSubstr("no progress for 60 s")));
}

TEST(RankCore, AStartIsMeasuredForTheNextOne) {
  Rank rank;
  rank.hears(order(1));
  rank.now_ms = 2'000;
  rank.engine_says(started());
  rank.engine_dies("exit code 3");
  rank.hears(order(2));
  EXPECT_THAT(rank.ticks_at(41'999), IsEmpty());
  EXPECT_THAT(rank.ticks_at(42'000), ElementsAre("kill", HasSubstr("was not ready 40 s after its start")));
}

TEST(RankCore, TellsTheMemoryOfAnEngineThatGivesUp) {
  RankCore core(RankHardware{}, {});
  core.on_order(order(1), 0);
  core.on_report(started(), 0, 0);
  const RankActions actions = core.on_report(given_up(1), 4096, 0);
  const auto& told = std::get<TellScheduler>(actions.at(0)).message;
  EXPECT_EQ(std::get<AttemptFailed>(told).peak_bytes, 4096);
}

TEST(RankCore, AnIdleEngineHasNoLimit) {
  Rank rank;
  rank.busy_with(1);
  rank.engine_says(made(1));
  EXPECT_THAT(rank.ticks_at(100'000'000), IsEmpty());
}

}  // namespace
}  // namespace longtake
