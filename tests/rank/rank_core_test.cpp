// Orders and engines: what is started, handed over, told and replaced.
#include <gmock/gmock.h>

#include "tests/rank/rank_run.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RankCore, JoinsFirst) {
  RankCore core(RankHardware{RankId{3}, "node", 1, 0, 1, {}}, {});
  EXPECT_THAT(texts_of(core.on_start(0)), ElementsAre("joined rank 3"));
}

TEST(RankCore, StartsTheEngineAtTheFirstOrderAndHandsOverOnceItIsUp) {
  RankRun rank;
  EXPECT_THAT(rank.hears(order(1)), ElementsAre("start slate"));
  EXPECT_THAT(rank.engine_says(started()), ElementsAre("make 1"));
}

TEST(RankCore, KeepsTheEngineForTheNextSegment) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.engine_says(made(1)), ElementsAre("attempt 1 finished, 48 frames, peak 4096"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("make 2"));
}

TEST(RankCore, ReplacesTheEngineWhenAnotherKindIsWanted) {
  RankRun rank;
  rank.busy_with(1);
  rank.engine_says(made(1));
  EXPECT_THAT(rank.hears(order(2, "liveavatar")), ElementsAre("stop", "start liveavatar"));
}

TEST(RankCore, ReplacesTheEngineOnceForPlainTransport) {
  RankRun rank;
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
  RankRun rank;
  EXPECT_THAT(rank.hears(plain_order(1)), ElementsAre("start slate with plain transport"));
  rank.engine_says(started());
  rank.engine_dies("killed by signal 9 (SIGKILL)");
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, ReplacesAnEngineThatStillAnswersWhenPlainTransportWaits) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(CancelAttempt{AttemptId{1}});
  EXPECT_THAT(rank.hears(plain_order(2)), IsEmpty());
  EXPECT_THAT(
      rank.engine_says(SegmentGivenUp{AttemptId{1}, ErrorKind::DeviceLost, "given up as ordered", true}),
      ElementsAre("attempt 1 cancelled", "stop", "start slate with plain transport"));
}

TEST(RankCore, KeepsOneOrderWaitingUntilItsEngineIsIdle) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.hears(order(2)), IsEmpty());
  EXPECT_THAT(rank.engine_says(stage_done(1)), ElementsAre("stage 0 of attempt 1 done", "make 2"));
  EXPECT_THAT(rank.engine_says(made(2)), ElementsAre(HasSubstr("attempt 2 finished")));
}

TEST(RankCore, RefusesAThirdOrderAndAnswersRepeatedOnesWithNothing) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(order(2));
  EXPECT_THAT(rank.hears(order(1)), IsEmpty());
  EXPECT_THAT(rank.hears(order(2)), IsEmpty());
  EXPECT_THAT(rank.hears(order(3)),
              ElementsAre("attempt 3 failed, bug: rank 3 is still busy with attempt 1, and attempt 2 waits"));
  EXPECT_THAT(rank.engine_says(made(1)), ElementsAre(HasSubstr("attempt 1 finished"), "make 2"));
}

TEST(RankCore, AWaitingOrderGetsAFreshEngineWhenTheOneBeforeDies) {
  RankRun rank;
  rank.busy_with(1);
  rank.hears(order(2));
  EXPECT_THAT(rank.engine_dies("exit code 1"),
              ElementsAre(HasSubstr("attempt 1 failed, device_lost"), "start slate"));
  EXPECT_THAT(rank.engine_says(started()), ElementsAre("make 2"));
}

TEST(RankCore, RefusesAnEngineOfAnotherProtocolNamingBothNumbers) {
  RankRun rank;
  rank.hears(order(1));
  const auto actions = rank.engine_says(EngineStarted{99, "slate", "1"});
  EXPECT_THAT(actions, ElementsAre("kill", HasSubstr("attempt 1 failed, bug: ")));
  EXPECT_THAT(actions.at(1), AllOf(HasSubstr("protocol 99"), HasSubstr("speaks 5")));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, ReportsBeforeEngineStartedEndTheEngine) {
  RankRun rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.engine_says(frames(1, 12)),
              ElementsAre("kill", HasSubstr("attempt 1 failed, device_lost")));
}

TEST(RankCore, AnEngineThatDiesLosesItsAttemptAndTheNextGetsAFreshOne) {
  RankRun rank;
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
  RankRun starting;
  starting.hears(order(1));
  EXPECT_FALSE(had_segment(starting.core().on_engine_died("gone", 0)));
  RankRun making;
  making.busy_with(1);
  EXPECT_TRUE(had_segment(making.core().on_engine_died("gone", 0)));
}

TEST(RankCore, AnEngineThatDiesWhileIdleIsReplacedQuietly) {
  RankRun rank;
  rank.busy_with(1);
  rank.engine_says(made(1));
  EXPECT_THAT(rank.engine_dies("exit code 1"), IsEmpty());
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, AnEngineThatCannotBeStartedFailsTheAttemptWithItsReason) {
  RankRun rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.engine_does_not_start(Error(ErrorKind::InvalidInput, "no such program")),
              ElementsAre("attempt 1 failed, invalid_input: no such program"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("start slate"));
}

TEST(RankCore, PassesAFailureOnAndKeepsTheEngine) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.engine_says(given_up(1)), ElementsAre("attempt 1 failed, io: no paper"));
  EXPECT_THAT(rank.hears(order(2)), ElementsAre("make 2"));
}

TEST(RankCore, AnEngineThatGivesUpUnaskedFails) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.engine_says(SegmentGivenUp{AttemptId{1}, ErrorKind::DeviceLost, "tired", true}),
              ElementsAre("attempt 1 failed, device_lost: tired"));
}

TEST(RankCore, ReportsOfOtherAttemptsAreIgnored) {
  RankRun rank;
  rank.busy_with(2);
  rank.now_ms = 1000;
  EXPECT_THAT(rank.engine_says(frames(1, 12)), IsEmpty());
  EXPECT_THAT(rank.engine_says(made(1)), IsEmpty());
  EXPECT_THAT(rank.engine_says(given_up(1)), IsEmpty());
  EXPECT_THAT(rank.engine_says(made(2)), ElementsAre(HasSubstr("attempt 2 finished")));
}

TEST(RankCore, TellsTheMemoryOfAnEngineThatGivesUp) {
  RankCore core(RankHardware{}, {});
  core.on_order(order(1), 0);
  core.on_report(started(), 0, 0);
  const RankActions actions = core.on_report(given_up(1), 4096, 0);
  const auto& told = std::get<TellScheduler>(actions.at(0)).message;
  EXPECT_EQ(std::get<AttemptFailed>(told).peak_bytes, 4096);
}

}  // namespace
}  // namespace longtake
