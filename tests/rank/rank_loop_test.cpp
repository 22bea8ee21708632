#include "rank/rank_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <deque>
#include <functional>

#include "tests/rank/action_text.h"
#include "tests/rank/test_engine.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A scheduler that answers each message of the rank at once. Heartbeats are left out of `heard`.
class ScriptedScheduler : public SchedulerLink {
 public:
  using Answer = std::function<std::vector<SchedulerMessage>(const RankMessage&)>;
  explicit ScriptedScheduler(Answer answer) : answer_(std::move(answer)) {}

  void send(const RankMessage& message) override {
    if (!std::holds_alternative<RankAlive>(message)) heard.push_back(std::visit(MessageText{}, message));
    for (const SchedulerMessage& order : answer_(message)) orders_.push_back(order);
  }
  std::optional<SchedulerMessage> receive() override {
    if (orders_.empty()) return std::nullopt;
    SchedulerMessage order = orders_.front();
    orders_.pop_front();
    return order;
  }
  int descriptor() const override { return -1; }

  std::vector<std::string> heard;

 private:
  Answer answer_;
  std::deque<SchedulerMessage> orders_;
};

RankOptions options(const std::string& faults = "") {
  RankOptions rank;
  rank.hardware.rank = RankId{0};
  rank.engines = {{"test", faulty_engine(faults)}};
  rank.launcher = ::getppid();
  return rank;
}

GenerateSegment generate(const std::string& deed, std::int64_t attempt) {
  return {Epoch{1}, "test", order_to(deed, attempt)};
}

/// Gives the deeds one after the other, each after the answer to the one before, then LeaveRun.
ScriptedScheduler scheduler_of(std::vector<std::string> deeds) {
  return ScriptedScheduler([deeds, next = std::size_t{0}](const RankMessage& message) mutable {
    std::vector<SchedulerMessage> orders;
    const bool is_idle = std::holds_alternative<RankJoined>(message) ||
                         std::holds_alternative<AttemptFinished>(message) ||
                         std::holds_alternative<AttemptFailed>(message);
    if (!is_idle) return orders;
    if (next == deeds.size()) {
      orders.emplace_back(LeaveRun{});
    } else {
      orders.emplace_back(generate(deeds[next], static_cast<std::int64_t>(next) + 1));
      ++next;
    }
    return orders;
  });
}

TEST(RankLoop, StartsTheEngineWithoutPeerToPeerAndInfiniBandWhenThatIsOrdered) {
  ScriptedScheduler scheduler([next = std::int64_t{1}](const RankMessage& message) mutable {
    std::vector<SchedulerMessage> orders;
    if (std::holds_alternative<RankAlive>(message) || std::holds_alternative<AttemptProgressed>(message))
      return orders;
    if (next == 3) return std::vector<SchedulerMessage>{LeaveRun{}};
    GenerateSegment order = generate("fast-only", next);
    order.plain_transport = next == 2;
    ++next;
    orders.emplace_back(order);
    return orders;
  });
  run_rank(options("not_connected job=fast-only; pretend job=fast-only"), scheduler);
  EXPECT_THAT(scheduler.heard, ElementsAre("joined rank 0", HasSubstr("attempt 1 failed, not_connected"),
                                           HasSubstr("attempt 2 finished, 48 frames")));
}

TEST(RankLoop, MakesSegmentsUntilToldToLeave) {
  ScriptedScheduler scheduler = scheduler_of({"good", "good"});
  EXPECT_EQ(run_rank(options(), scheduler), RankExit::Ordered);
  EXPECT_THAT(scheduler.heard, ElementsAre("joined rank 0", HasSubstr("attempt 1 finished, 48 frames"),
                                           HasSubstr("attempt 2 finished, 48 frames")));
}

TEST(RankLoop, SurvivesEveryEndOfAnEngine) {
  ScriptedScheduler scheduler = scheduler_of({"killed", "good", "garbage", "closes", "exits", "good"});
  EXPECT_EQ(run_rank(options(), scheduler), RankExit::Ordered);
  EXPECT_THAT(scheduler.heard,
              ElementsAre("joined rank 0", HasSubstr("attempt 1 failed, device_lost"),
                          HasSubstr("attempt 2 finished"), HasSubstr("attempt 3 failed, device_lost"),
                          HasSubstr("attempt 4 failed, device_lost"),
                          HasSubstr("attempt 5 failed, device_lost"), HasSubstr("attempt 6 finished")));
}

TEST(RankLoop, AnEngineOfAnotherProtocolIsABug) {
  ScriptedScheduler scheduler = scheduler_of({"good"});
  EXPECT_EQ(run_rank(options("wrong_protocol"), scheduler), RankExit::Ordered);
  EXPECT_THAT(scheduler.heard, ElementsAre("joined rank 0", HasSubstr("attempt 1 failed, bug")));
}

TEST(RankLoop, AnEngineThatHangsIsKilledAtItsLimit) {
  RankOptions rank = options();
  rank.limits.silence_ms[EnginePhase::Load] = 300;
  ScriptedScheduler scheduler = scheduler_of({"hangs", "good"});
  EXPECT_EQ(run_rank(rank, scheduler), RankExit::Ordered);
  EXPECT_THAT(scheduler.heard, ElementsAre("joined rank 0", HasSubstr("device_lost: no progress"),
                                           HasSubstr("attempt 2 finished")));
}

TEST(RankLoop, AnEngineThatNeverStartsIsKilledAtItsLimit) {
  RankOptions rank = options("hang at=load");
  rank.limits.silence_ms[EnginePhase::Start] = 300;
  ScriptedScheduler scheduler = scheduler_of({"good"});
  EXPECT_EQ(run_rank(rank, scheduler), RankExit::Ordered);
  EXPECT_THAT(scheduler.heard, ElementsAre("joined rank 0", HasSubstr("was not ready")));
}

TEST(RankLoop, CancelsAnAttempt) {
  ScriptedScheduler scheduler([](const RankMessage& message) -> std::vector<SchedulerMessage> {
    if (std::holds_alternative<RankJoined>(message)) return {generate("waits", 1)};
    const auto* alive = std::get_if<RankAlive>(&message);
    if (alive != nullptr && alive->engine_pid != 0) return {CancelAttempt{AttemptId{1}}};
    if (std::holds_alternative<AttemptFailed>(message)) return {LeaveRun{}};
    return {};
  });
  EXPECT_EQ(run_rank(options(), scheduler), RankExit::Ordered);
  EXPECT_THAT(scheduler.heard, ElementsAre("joined rank 0", "attempt 1 cancelled"));
}

TEST(RankLoop, AnUnknownEngineIsTheUsersToMend) {
  RankOptions rank = options();
  rank.engines.clear();
  ScriptedScheduler scheduler = scheduler_of({"good"});
  EXPECT_EQ(run_rank(rank, scheduler), RankExit::Ordered);
  EXPECT_THAT(scheduler.heard,
              ElementsAre("joined rank 0", HasSubstr("invalid_input: there is no engine 'test'")));
}

TEST(RankLoop, TermMakesItLeaveOtherSignalsDoNot) {
  std::array<int, 2> signals{};
  ASSERT_EQ(::pipe(signals.data()), 0);
  RankOptions rank = options();
  rank.signals = signals[0];
  ScriptedScheduler scheduler([&](const RankMessage& message) -> std::vector<SchedulerMessage> {
    const std::array<unsigned char, 2> numbers = {SIGUSR1, SIGTERM};
    if (std::holds_alternative<RankJoined>(message)) {
      EXPECT_EQ(::write(signals[1], &numbers[0], 1), 1);
      return {generate("good", 1)};
    }
    if (std::holds_alternative<AttemptFinished>(message)) {
      EXPECT_EQ(::write(signals[1], &numbers[1], 1), 1);
    }
    return {};
  });
  EXPECT_EQ(run_rank(rank, scheduler), RankExit::Signalled);
  EXPECT_THAT(scheduler.heard,
              ElementsAre("joined rank 0", HasSubstr("attempt 1 finished"), "left: signal TERM"));
  ::close(signals[0]);
  ::close(signals[1]);
}

TEST(RankLoop, LeavesWhenItsLauncherIsGone) {
  RankOptions rank = options();
  rank.launcher = ::getppid() + 1;
  ScriptedScheduler scheduler([](const RankMessage&) { return std::vector<SchedulerMessage>{}; });
  EXPECT_EQ(run_rank(rank, scheduler), RankExit::LauncherLost);
  EXPECT_THAT(scheduler.heard, ElementsAre("joined rank 0", HasSubstr("left: ")));
}

}  // namespace
}  // namespace longtake
