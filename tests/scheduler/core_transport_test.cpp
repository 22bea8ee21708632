// Groups whose engines cannot connect: tried again without peer-to-peer and InfiniBand.
#include <gmock/gmock.h>

#include <set>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

constexpr const char* kNoWay = "NCCL: unhandled system error";

std::vector<RunGroup> pairs(int count) {
  std::vector<RunGroup> groups;
  for (int i = 0; i < count; ++i) groups.push_back({GroupId{i}, {RankId{2 * i}, RankId{2 * i + 1}}, "node"});
  return groups;
}

/// The ranks that are to make something, and whether with plain transport.
std::vector<std::pair<std::int64_t, bool>> orders_of(const Actions& actions) {
  std::vector<std::pair<std::int64_t, bool>> orders;
  for (const Outgoing& outgoing : actions.sends) {
    if (const auto* order = std::get_if<GenerateSegment>(&outgoing.message))
      orders.emplace_back(outgoing.to.value, order->plain_transport);
  }
  return orders;
}

TEST(CoreTransport, IsPlainInTheNextAttemptOfAGroupThatCannotConnect) {
  CoreRun run({in_stages(make_job(1, {{8}}), 2)}, pairs(1));
  EXPECT_THAT(orders_of(run.start()), ElementsAre(Pair(0, false), Pair(1, false)));
  const Actions actions = run.fail(1, ErrorKind::NotConnected, kNoWay);
  EXPECT_THAT(receivers_of<CancelAttempt>(actions), ElementsAre(0));
  EXPECT_THAT(orders_of(actions), ElementsAre(Pair(0, true), Pair(1, true)));
}

TEST(CoreTransport, ThatCouldNotConnectIsToldInTheLogAndKeptForTheReport) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  const Actions actions = run.fail(0, ErrorKind::NotConnected, kNoWay);
  const std::string what =
      "group 0 on node could not connect its engines: NCCL: unhandled system error; trying without "
      "peer-to-peer and InfiniBand";
  const auto ended = changes_of<AttemptEnded>(actions);
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].to, AttemptState::Failed);
  EXPECT_EQ(ended[0].kind, ErrorKind::NotConnected);
  EXPECT_EQ(ended[0].message, what);
  const auto notes = changes_of<EventNoted>(actions);
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].text, "clips 0:8: " + what);
  EXPECT_EQ(notes[0].job, "job-1");
}

TEST(CoreTransport, IsChargedOnlyWhenThePlainOneFails) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.fail(0, ErrorKind::NotConnected, kNoWay);
  const int tries = CoreLimits().tries_per_segment;
  for (int failures = 1; failures < tries; ++failures) {
    EXPECT_THAT(orders_of(run.fail(0, ErrorKind::NotConnected, kNoWay)), ElementsAre(Pair(0, true)));
  }
  run.fail(0, ErrorKind::NotConnected, kNoWay);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Failed);
  EXPECT_EQ(run.core().job(JobId{1}).message,
            "clips 0:8 failed 3 times, the last time with: NCCL: unhandled system error");
}

TEST(CoreTransport, ThatIsPlainGoesElsewhereWhenItFailsToo) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  EXPECT_THAT(orders_of(run.fail(0, ErrorKind::NotConnected)), ElementsAre(Pair(0, true)));
  EXPECT_THAT(orders_of(run.fail(0, ErrorKind::NotConnected)), ElementsAre(Pair(1, false)));
}

TEST(CoreTransport, StaysPlainForTheRestOfTheRunInThatGroupOnly) {
  CoreRun run({in_stages(make_job(1, {{8, 8}, {8, 8}}), 2)}, pairs(2));
  run.start();
  run.fail(0, ErrorKind::NotConnected);
  EXPECT_THAT(orders_of(run.finish(1)), ElementsAre(Pair(0, true), Pair(1, true)));
  EXPECT_THAT(orders_of(run.finish(3)), ElementsAre(Pair(2, false), Pair(3, false)));
}

TEST(CoreTransport, OfALargerGroupIsPlainWhenItWasThatOfAPart) {
  RunJob job = in_stages(make_job(1, {{8}, {8}}), 1);
  job.shares[2] = {layers_layout(40, 4, 2), {}};
  CoreRun run({job}, single_ranks(2));
  run.start();
  EXPECT_THAT(orders_of(run.fail(1, ErrorKind::NotConnected)), ElementsAre(Pair(1, true)));
  run.fail(0, ErrorKind::OutOfMemory);
  EXPECT_THAT(orders_of(run.finish(1)), ElementsAre(Pair(0, true), Pair(1, true)));
}

TEST(CoreTransport, HasAMeetingPlaceThatWasNeverUsedBeforeInEveryAttempt) {
  CoreRun run({in_stages(make_job(1, {{8, 8}}), 2)}, pairs(1));
  run.start();
  std::set<std::string> places = {run.order(0).share.meeting};
  run.fail(0, ErrorKind::NotConnected);
  EXPECT_TRUE(places.insert(run.order(0).share.meeting).second) << "where it failed";
  run.fail(0, ErrorKind::NotConnected);
  EXPECT_TRUE(places.insert(run.order(0).share.meeting).second) << "where it failed plainly";
  run.finish(1);
  EXPECT_TRUE(places.insert(run.order(0).share.meeting).second) << "where it succeeded";
  EXPECT_EQ(run.order(0).share.meeting, run.order(1).share.meeting);
}

}  // namespace
}  // namespace longtake
