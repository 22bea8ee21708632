#include "jobs/messages.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

template <class Message>
Message through_the_wire(const Message& message) {
  return std::get<Message>(decode_rank_message(encode(RankMessage{message})));
}

TEST(Messages, RankJoinedKeepsTheHardware) {
  const RankHardware sent = {RankId{3}, "node7", 4711, 1, 16, {{"NVIDIA L40S", 48'000'000'000}}};
  const RankHardware got = through_the_wire(RankJoined{sent}).hardware;
  EXPECT_EQ(got.rank, sent.rank);
  EXPECT_EQ(got.host, "node7");
  EXPECT_EQ(got.pid, 4711);
  EXPECT_EQ(got.local_index, 1);
  EXPECT_EQ(got.cpu_slots, 16);
  ASSERT_EQ(got.gpus.size(), 1u);
  EXPECT_EQ(got.gpus[0].name, "NVIDIA L40S");
  EXPECT_EQ(got.gpus[0].memory_bytes, 48'000'000'000);
}

TEST(Messages, AttemptFinishedKeepsTheFacts) {
  const SegmentFacts facts = {123456789012, 960, 0xFFFFFFFFu, 1, 2};
  const auto got = through_the_wire(AttemptFinished{Epoch{2}, AttemptId{9}, RankId{1}, facts, 3.25, 77, {}});
  EXPECT_EQ(got.epoch, Epoch{2});
  EXPECT_EQ(got.attempt, AttemptId{9});
  EXPECT_EQ(got.facts, facts);
  EXPECT_EQ(got.seconds, 3.25);
  EXPECT_EQ(got.peak_bytes, 77);
}

TEST(Messages, StageFinishedKeepsTheWork) {
  const EngineWork work = {
      "cpu", "fp32", {{"step 1", 2.5}}, 1, 2, 3, {"step 1", "activations", {{"sink cache", 4}}}};
  const auto got = through_the_wire(StageFinished{Epoch{2}, AttemptId{9}, RankId{1}, 3, 3.25, 77, work});
  EXPECT_EQ(got.stage, 3);
  EXPECT_EQ(got.seconds, 3.25);
  EXPECT_EQ(got.work.precision, "fp32");
  EXPECT_EQ(got.work.seconds.at("step 1"), 2.5);
  EXPECT_EQ(got.work.used_bytes, 3);
  EXPECT_EQ(got.work.peak.moment, "step 1");
  EXPECT_EQ(got.work.peak.component, "activations");
  EXPECT_EQ(got.work.peak.held_bytes.at("sink cache"), 4);
}

TEST(Messages, EveryErrorKindSurvives) {
  for (const ErrorKind kind : {ErrorKind::InvalidInput, ErrorKind::OutOfMemory, ErrorKind::DeviceLost,
                               ErrorKind::Io, ErrorKind::DiskFull, ErrorKind::NotConnected, ErrorKind::Bug}) {
    const auto got =
        through_the_wire(AttemptFailed{Epoch{1}, AttemptId{2}, RankId{3}, kind, "why", true, false});
    EXPECT_EQ(got.kind, kind);
    EXPECT_EQ(got.message, "why");
    EXPECT_TRUE(got.cancelled);
  }
}

TEST(Messages, SmallOnesSurvive) {
  EXPECT_EQ(through_the_wire(RankAlive{RankId{1}, 42, AttemptId{7}}).engine_pid, 42);
  EXPECT_EQ(through_the_wire(RankAlive{RankId{1}, 42, AttemptId{7}}).attempt, AttemptId{7});
  EXPECT_FALSE(through_the_wire(RankAlive{RankId{1}, 42, {}}).attempt.is_set());
  EXPECT_EQ(through_the_wire(AttemptProgressed{Epoch{1}, AttemptId{2}, RankId{3}, 48}).frames, 48);
  EXPECT_EQ(through_the_wire(RankLeft{RankId{1}, "signal TERM"}).reason, "signal TERM");
}

TEST(Messages, GenerateSegmentKeepsTheOrder) {
  SegmentOrder order;
  order.attempt = AttemptId{5};
  order.job = "news";
  order.settings.prompt = "Zeile 1\n\"Zeile\" 2 \xE2\x82\xAC";
  order.settings.base_seed = INT64_MAX;
  order.size = {384, 704};
  order.clips = {20, 40};
  order.carry_in = "/w/c.safetensors";
  const auto decoded =
      decode_scheduler_message(encode(SchedulerMessage{GenerateSegment{Epoch{1}, "slate", order, true}}));
  const auto& got = std::get<GenerateSegment>(decoded);
  EXPECT_EQ(got.engine, "slate");
  EXPECT_EQ(got.order.settings.prompt, order.settings.prompt);
  EXPECT_EQ(got.order.settings.base_seed, INT64_MAX);
  EXPECT_EQ(got.order.size, order.size);
  EXPECT_EQ(got.order.clips, order.clips);
  EXPECT_EQ(got.order.carry_in, order.carry_in);
  EXPECT_TRUE(got.plain_transport);
}

TEST(Messages, TheTimeToFinishSurvives) {
  const auto decoded = decode_scheduler_message(encode(SchedulerMessage{FinishAttempt{AttemptId{5}, 7000}}));
  EXPECT_EQ(std::get<FinishAttempt>(decoded).attempt, AttemptId{5});
  EXPECT_EQ(std::get<FinishAttempt>(decoded).within_ms, 7000);
}

TEST(Messages, OrdersWithoutFieldsSurvive) {
  EXPECT_TRUE(std::holds_alternative<Rejoin>(decode_scheduler_message(encode(SchedulerMessage{Rejoin{}}))));
  EXPECT_TRUE(
      std::holds_alternative<LeaveRun>(decode_scheduler_message(encode(SchedulerMessage{LeaveRun{}}))));
  EXPECT_TRUE(
      std::holds_alternative<StatusAsked>(decode_watcher_request(encode(WatcherRequest{StatusAsked{}}))));
  const auto drain = decode_watcher_request(encode(WatcherRequest{DrainAsked{"signal USR1"}}));
  EXPECT_EQ(std::get<DrainAsked>(drain).by, "signal USR1");
}

TEST(Messages, BytesThatAreNoTextDoNotStopAReport) {
  EXPECT_NO_THROW(decode_rank_message(encode(RankMessage{RankLeft{RankId{1}, "bad \xFF byte"}})));
}

TEST(Messages, AnotherVersionIsRefusedWithBothNumbers) {
  EXPECT_THAT([] { decode_scheduler_message(R"({"v": 99, "type": "rejoin"})"); },
              ThrowsMessage<Error>(AllOf(HasSubstr("version 99"), HasSubstr("expected 7"))));
}

class MessageRefused : public ::testing::TestWithParam<const char*> {};

TEST_P(MessageRefused, WithInvalidInput) {
  try {
    decode_rank_message(GetParam());
    FAIL() << "was taken for a message";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput) << e.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, MessageRefused,
    ::testing::Values("", "hello", "[]", "{}", "null", R"({"v": 1})", R"({"v": "1"})",
                      R"({"v": 1, "type": "no_such"})", R"({"v": 1, "type": 4})",
                      R"({"v": 1, "type": "rank_alive"})",
                      R"({"v": 1, "type": "rank_alive", "rank": "x", "engine_pid": 1})",
                      R"({"v": 1, "type": "rejoin"})",
                      R"({"v": 1, "type": "attempt_failed", "epoch": 1, "attempt": 1, )"
                      R"("rank": 1, "kind": "sad", "message": "", "cancelled": false})"));

}  // namespace
}  // namespace longtake
