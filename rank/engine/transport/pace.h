#pragma once

#include <map>
#include <string>

#include "rank/engine/transport/group_line.h"

namespace longtake {

/// How far senders run ahead on the lane Paced: the receiver tells what it has taken, and a sender waits
/// while kMostPaced messages are not.
class Pace {
 public:
  explicit Pace(GroupLine& line) : line_(line) {}

  /// Until one more may be sent to `to`; it counts from now on.
  void wait_for_room(int to, const std::string& tag);
  void tell_taken(int from, const std::string& tag);

 private:
  GroupLine& line_;
  std::map<int, int> under_way_;  ///< by receiver: sent and not taken yet
};

}  // namespace longtake
