// What the clock does: heartbeats, how often progress is told, and how long an engine may be silent.
#include <gmock/gmock.h>

#include "tests/rank/rank_run.h"

namespace longtake {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(RankCore, HeartbeatsNameTheNewestAttemptThatHasNoAnswerYet) {
  RankRun rank;
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

TEST(RankCore, TellsProgressAtMostEvery200MsAndTheRestOnATick) {
  RankRun rank;
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

TEST(RankCore, ASilentSchedulerEndsTheRankAndItsEngine) {
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(texts_of(rank.core().on_tick(kSchedulerSilence_ms - 1)), ElementsAre("alive, engine pid 0"));
  EXPECT_THAT(texts_of(rank.core().on_tick(kSchedulerSilence_ms)), ElementsAre("stop", "leave 2"));
}

TEST(RankCore, SaysThatItIsAliveEveryHalfSecondAndNamesItsEngine) {
  RankRun rank;
  EXPECT_THAT(texts_of(rank.core().on_tick(499)), IsEmpty());
  EXPECT_THAT(texts_of(rank.core().on_tick(500)), ElementsAre("alive, engine pid 0"));
  rank.hears(order(1));
  rank.core().on_engine_spawned(77);
  EXPECT_THAT(texts_of(rank.core().on_tick(999)), IsEmpty());
  EXPECT_THAT(texts_of(rank.core().on_tick(1000)), ElementsAre("alive, engine pid 77"));
}

TEST(RankCore, AnEngineThatIsNotUpAfterALongTimeIsKilled) {
  const std::int64_t limit_ms = RankLimits().silence_ms.at(EnginePhase::Start);
  RankRun rank;
  rank.hears(order(1));
  EXPECT_THAT(rank.ticks_at(limit_ms - 1), IsEmpty());
  EXPECT_THAT(rank.ticks_at(limit_ms), ElementsAre("kill", HasSubstr("not ready 900 s after its start")));
}

TEST(RankCore, TheFirstReportMayTakeLong) {
  const std::int64_t limit_ms = RankLimits().silence_ms.at(EnginePhase::Load);
  RankRun rank;
  rank.busy_with(1);
  EXPECT_THAT(rank.ticks_at(limit_ms - 1), IsEmpty());
  EXPECT_THAT(rank.ticks_at(limit_ms), ElementsAre("kill", HasSubstr("no progress for 600 s")));
}

TEST(RankCore, LaterReportsMayTakeAMinute) {
  RankRun rank;
  rank.busy_with(1);
  rank.now_ms = 500'000;
  rank.engine_says(frames(1, 12));
  rank.ticks_at(559'999);
  rank.now_ms = 559'999;
  EXPECT_THAT(rank.ticks_at(560'000), ElementsAre("kill", HasSubstr("no progress for 60 s after 12 frames")));
}

/// Makes `attempt` whole: its first sign after a second, the others `every_ms`. The clock starts anew.
void make_one(RankRun& rank, std::int64_t attempt, std::int64_t every_ms) {
  rank.hears(order(attempt));
  rank.engine_says(started());
  rank.now_ms += 1'000;
  rank.engine_says(frames(attempt, 12));
  rank.now_ms += every_ms;
  rank.engine_says(frames(attempt, 24));
  rank.engine_says(made(attempt));
}

TEST(RankCore, AfterAFinishedSegmentAnEngineGetsAMultipleOfItsLongestSilence) {
  RankRun rank;
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
  RankRun rank;
  rank.busy_with(1);
  rank.engine_says(frames(1, 48));
  rank.now_ms = 2'000;  // a slow disk
  rank.engine_says(made(1));
  rank.hears(order(2));
  rank.engine_says(frames(2, 12));
  EXPECT_THAT(rank.ticks_at(41'999), Not(Contains("kill")));
}

TEST(RankCore, AnEngineThatMadeSuchASegmentNeedNotLoad) {
  RankRun rank;
  make_one(rank, 1, 1'000);
  rank.hears(order(2));
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 299'999), IsEmpty());
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 1), ElementsAre("kill", HasSubstr("no progress for 300 s")));
}

TEST(RankCore, AnEngineThatMadeAnotherSizeOfFilmLoadsAgain) {
  RankRun rank;
  make_one(rank, 1, 1'000);
  GenerateSegment other = order(2);
  other.order.size = {384, 704};
  rank.hears(other);
  EXPECT_THAT(rank.ticks_at(rank.now_ms + 599'999), IsEmpty());
}

TEST(RankCore, ALimitThatEndedAnEngineIsNotTrustedAgain) {
  RankRun rank;
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
  RankRun rank;
  rank.hears(order(1));
  rank.now_ms = 2'000;
  rank.engine_says(started());
  rank.engine_dies("exit code 3");
  rank.hears(order(2));
  EXPECT_THAT(rank.ticks_at(41'999), IsEmpty());
  EXPECT_THAT(rank.ticks_at(42'000), ElementsAre("kill", HasSubstr("was not ready 40 s after its start")));
}

TEST(RankCore, AnIdleEngineHasNoLimit) {
  RankRun rank;
  rank.busy_with(1);
  rank.engine_says(made(1));
  EXPECT_THAT(rank.ticks_at(100'000'000), IsEmpty());
}

}  // namespace
}  // namespace longtake
