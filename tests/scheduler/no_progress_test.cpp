#include "scheduler/no_progress.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::int64_t kNow_ms = 1'700'000'000'000;

StoredRun start_that_ended(std::optional<int> exit_code, const std::string& message = "",
                           std::int64_t progress = 0) {
  StoredRun run;
  run.profile = "cpu";
  run.exit_code = exit_code;
  run.message = message;
  run.progress = progress;
  return run;
}

const StoredRun kDrained = start_that_ended(75, "drained (signal USR1); run again to go on");
const StoredRun kKilled = start_that_ended(std::nullopt);

TEST(StartsForNothing, AreThoseInARowThatWereDrainedOrKilledBeforeASegmentWasFinished) {
  EXPECT_THAT(starts_for_nothing({kDrained, kKilled, kDrained}), SizeIs(3));
  EXPECT_THAT(starts_for_nothing({}), IsEmpty());
}

TEST(StartsForNothing, EndAtAStartThatMadeSomething) {
  const StoredRun useful = start_that_ended(75, "drained", 1);
  EXPECT_THAT(starts_for_nothing({kDrained, kDrained, useful, kDrained}), SizeIs(2));
  EXPECT_THAT(starts_for_nothing({useful, kDrained, kDrained}), IsEmpty());
}

TEST(StartsForNothing, EndAtAStartThatToldItsUserSomethingElse) {
  for (const int exit_code : {0, 1, 2, 93}) {
    const StoredRun told = start_that_ended(exit_code, "told");
    EXPECT_THAT(starts_for_nothing({kDrained, told, kDrained, kDrained}), SizeIs(1)) << exit_code;
  }
}

TEST(StartsForNothing, EndAtAStartWithAnotherProfile) {
  StoredRun other = kDrained;
  other.profile = "4x24gb";
  EXPECT_THAT(starts_for_nothing({kDrained, other, other}), SizeIs(1));
}

TEST(NoProgressText, TellsHowEachEndedOldestFirstAndTheLastErrors) {
  EXPECT_THAT(no_progress_text({kDrained, kKilled}, {"killed by signal 9", "no progress for 60 s"}),
              AllOf(HasSubstr("over 2 starts"), HasSubstr("killed, drained (signal USR1);"),
                    HasSubstr("last errors: killed by signal 9 | no progress for 60 s;"),
                    HasSubstr("remove the cause"), Not(HasSubstr("run again to go on"))));
}

TEST(NoProgressText, AdvisesMoreTimeWhenAllWereDrained) {
  EXPECT_THAT(no_progress_text({kDrained, kDrained}, {}), HasSubstr("more time"));
  EXPECT_THAT(no_progress_text({kDrained, kKilled}, {}), HasSubstr("look at the machines"));
}

class JudgeEnd : public testing::Test {
 protected:
  EndRun end_a_start(int exit_code, bool made_something = false) {
    const Epoch epoch = store_.begin_run("node", 1, "cpu", kNow_ms);
    if (made_something) store_.save(epoch, {JobMoved{JobId{1}, JobState::Done, "", kNow_ms}});
    const EndRun end = judge_end(store_, {exit_code, "no rank is left; run again to go on"});
    store_.end_run(epoch, end.exit_code, end.message, kNow_ms);
    return end;
  }

  JobStore store_ = JobStore::open(":memory:", 0);
};

TEST_F(JudgeEnd, IsNinetyThreeAtTheThirdStartForNothingAndThenCountsAnew) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(end_a_start(75).exit_code, 75);
    EXPECT_EQ(end_a_start(75).message, "no rank is left; run again to go on");
    const EndRun third = end_a_start(75);
    EXPECT_EQ(third.exit_code, 93);
    EXPECT_THAT(third.message, HasSubstr("no progress over 3 starts"));
  }
}

TEST_F(JudgeEnd, IsLeftAloneAfterProgress) {
  end_a_start(75);
  end_a_start(75);
  EXPECT_EQ(end_a_start(75, true).exit_code, 75);
  EXPECT_EQ(end_a_start(75).exit_code, 75);
}

TEST_F(JudgeEnd, IsLeftAloneWhenItIsNotToRunAgain) {
  end_a_start(75);
  end_a_start(75);
  EXPECT_EQ(end_a_start(1).exit_code, 1);
}

class JudgeStart : public testing::Test {
 protected:
  void start_that_is_killed() { store_.begin_run("node", 1, "cpu", kNow_ms); }

  JobStore store_ = JobStore::open(":memory:", 0);
};

TEST_F(JudgeStart, IsNinetyThreeAfterThreeThatWereKilledBeforeTheyCouldBeJudged) {
  for (int start = 1; start <= 3; ++start) {
    EXPECT_FALSE(judge_start(store_, "cpu")) << start;
    start_that_is_killed();
  }
  const auto end = judge_start(store_, "cpu");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->exit_code, 93);
  EXPECT_THAT(end->message,
              AllOf(HasSubstr("no progress over 3 starts"), HasSubstr("killed, killed, killed")));
}

TEST_F(JudgeStart, IsNothingOnceSomebodyWasTold) {
  for (int start = 1; start <= 3; ++start) start_that_is_killed();
  const Epoch told = store_.begin_run("node", 1, "cpu", kNow_ms);
  store_.end_run(told, 93, "no progress over 3 starts", kNow_ms);
  EXPECT_FALSE(judge_start(store_, "cpu"));
}

TEST_F(JudgeStart, IsNothingWithAnotherProfile) {
  for (int start = 1; start <= 3; ++start) start_that_is_killed();
  EXPECT_FALSE(judge_start(store_, "4x24gb"));
}

}  // namespace
}  // namespace longtake
