#include "rank/engine/transport/pace.h"

#include "rank/engine/transport/transport.h"

namespace longtake {
namespace {

constexpr const char* kTaken = "taken";

}  // namespace

void Pace::wait_for_room(int to, const std::string& tag) {
  int& under_way = under_way_[to];
  const auto has_room = [&] {
    while (line_.take(to, kTaken)) --under_way;
    return under_way < kMostPaced;
  };
  line_.wait_until(has_room, to, "to take what was sent before '" + tag + "'");
  ++under_way;
}

void Pace::tell_taken(int from, const std::string& tag) { line_.post_notice(from, kTaken, tag); }

}  // namespace longtake
