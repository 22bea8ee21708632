#include "scheduler/simulation/event_queue.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

TEST(EventQueue, GivesTheEarliestEventFirst) {
  EventQueue<char> queue;
  for (const auto& [at_ms, event] : {std::pair{30, 'c'}, std::pair{10, 'a'}, std::pair{20, 'b'}}) {
    queue.add(at_ms, event);
  }
  std::string order;
  while (!queue.is_empty()) order += queue.take().event;
  EXPECT_EQ(order, "abc");
}

TEST(EventQueue, KeepsTheOrderOfEventsAtTheSameTime) {
  EventQueue<int> queue;
  for (int i = 0; i < 100; ++i) queue.add(7, i);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(queue.take().event, i);
}

TEST(EventQueue, TellsWhen) {
  EventQueue<int> queue;
  queue.add(5, 1);
  EXPECT_EQ(queue.take().at_ms, 5);
}

}  // namespace
}  // namespace longtake
