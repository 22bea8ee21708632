// An engine program for tests. LONGTAKE_TEST_ENGINE says how it starts, an order's job name what it does
// with the order; see the tables below.

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>

#include "rank/engine_side/order_line.h"

namespace {

using longtake::OrderLine;
using longtake::SegmentOrder;

[[noreturn]] void hang() {
  while (true) ::pause();
}

void write_raw(int descriptor, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t written = ::write(descriptor, text.data() + done, text.size() - done);
    if (written <= 0) ::_exit(5);
    done += static_cast<std::size_t>(written);
  }
}

void make_well(OrderLine& line, const SegmentOrder& order) {
  line.send(longtake::FramesMade{order.attempt, 48});
  line.send(longtake::SegmentMade{order.attempt, {4711, 48, 1, 2, 3}, {}});
}

void wait_for_cancel(OrderLine& line, const SegmentOrder& order) {
  while (const auto next = line.wait()) {
    if (!std::holds_alternative<longtake::CancelSegment>(*next)) continue;
    line.send(longtake::SegmentGivenUp{order.attempt, longtake::ErrorKind::DeviceLost, "cancelled", true});
    return;
  }
}

/// How many descriptors above the line are open: none should be.
int stray_descriptors(int line) {
  int count = 0;
  for (int descriptor = line + 1; descriptor < 1024; ++descriptor)
    count += ::fcntl(descriptor, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

void obey(OrderLine& line, int descriptor, const SegmentOrder& order) {
  const std::map<std::string, std::function<void()>> deeds = {
      {"good", [&] { make_well(line, order); }},
      {"killed", [] { ::raise(SIGKILL); }},
      {"exits", [] { ::_exit(3); }},
      {"garbage",
       [&] {
         write_raw(descriptor, "NCCL INFO this is no JSON\n");
         hang();
       }},
      {"endless",
       [&] {
         write_raw(descriptor, std::string(3 << 20, 'x'));
         hang();
       }},
      {"closes",
       [&] {
         ::close(descriptor);
         hang();
       }},
      {"hangs", [] { hang(); }},
      {"waits", [&] { wait_for_cancel(line, order); }},
      {"last-words",
       [&] {
         make_well(line, order);
         ::_exit(0);
       }},
      {"prints",
       [&] {
         std::cout << "to the log" << std::endl;
         make_well(line, order);
       }},
      {"counts",
       [&] {
         line.send(longtake::FramesMade{order.attempt, stray_descriptors(descriptor)});
       }},
  };
  deeds.at(order.job)();
}

}  // namespace

int main() {
  const std::string start = std::getenv("LONGTAKE_TEST_ENGINE");
  const int descriptor = std::stoi(std::getenv(longtake::kEngineDescriptorVariable));
  OrderLine line(descriptor);
  if (start == "silent") hang();
  if (start == "mute-order") {  // takes nothing from its line
    line.send(longtake::EngineStarted{});
    hang();
  }
  line.send(longtake::EngineStarted{start == "wrong-protocol" ? 99 : longtake::kEngineProtocol, "test", "1"});
  while (const auto order = line.wait()) {
    if (std::holds_alternative<longtake::QuitEngine>(*order)) return 0;
    if (const auto* make = std::get_if<longtake::MakeSegment>(&*order)) obey(line, descriptor, make->order);
  }
  return 0;
}
