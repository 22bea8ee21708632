#include "rank/control_link.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr int kPatience_ms = 20'000;  // only for tests that fail

ControlServer::Received await(ControlServer& server) {
  for (int waited_ms = 0; waited_ms < kPatience_ms; waited_ms += 100) {
    if (auto received = server.receive()) return *received;
    server.wait(100, -1);
  }
  return {};
}

std::optional<SchedulerMessage> await(ControlLink& link) {
  for (int waited_ms = 0; waited_ms < kPatience_ms; waited_ms += 100) {
    if (auto message = link.receive()) return message;
    pollfd news{link.descriptor(), POLLIN, 0};
    ::poll(&news, 1, 100);
  }
  return std::nullopt;
}

TEST(ControlLink, CarriesFactsToTheSchedulerAndOrdersBack) {
  ControlServer server(ControlReach::Loopback);
  ControlLink link(server.address(), RankId{5});
  link.send(RankAlive{RankId{5}, 77});
  const ControlServer::Received fact = await(server);
  EXPECT_EQ(fact.peer, "rank-5");
  EXPECT_EQ(std::get<RankAlive>(decode_rank_message(fact.text)).engine_pid, 77);

  server.send(fact.peer, encode(SchedulerMessage(CancelAttempt{AttemptId{9}})));
  const std::optional<SchedulerMessage> order = await(link);
  ASSERT_TRUE(order);
  EXPECT_EQ(std::get<CancelAttempt>(*order).attempt, AttemptId{9});
}

TEST(ControlLink, AMessageThatCannotBeUnderstoodIsThrownOnce) {
  ControlServer server(ControlReach::Loopback);
  ControlLink link(server.address(), RankId{5});
  link.send(RankAlive{RankId{5}, 0});
  await(server);
  server.send("rank-5", "not for ranks");
  server.send("rank-5", encode(SchedulerMessage(LeaveRun{})));
  EXPECT_THROW(await(link), Error);
  const std::optional<SchedulerMessage> order = await(link);
  ASSERT_TRUE(order);
  EXPECT_TRUE(std::holds_alternative<LeaveRun>(*order));
}

}  // namespace
}  // namespace longtake
