#pragma once

#include <ATen/ATen.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rank/engine/work_times.h"

namespace longtake {

class GroupSocket;
class GroupFolder;

/// The engines of a group and which of them this one is.
struct GroupMember {
  std::filesystem::path meeting;  ///< see GroupFolder
  int engines = 1;
  int self = 0;
};

/// "engine 2 of the group"
std::string engine_name(int engine);

/// What engines of a group tell each other: messages in lanes, each of which keeps its order, through the
/// memory of one host, over Unix sockets. Engines may come minutes apart; posting never waits. Belongs to one
/// thread. Waits throw Error{DeviceLost} when they are given up from outside or last longer than anything
/// should.
class GroupLine {
 public:
  struct Message {
    std::string tag;
    std::vector<std::int64_t> shape;
    at::Tensor tensor;  ///< float32 on the CPU; none in a notice
  };

  /// How often a wait looks whether it is over: when a message comes, or also in between, for what only a
  /// device or NCCL knows.
  enum class Looks { WhenWoken, Often };

  /// `goes_on` is asked every 100 ms of a wait; false gives it up. Waits count as "wait" in `times`.
  /// Throws Error{NotConnected} when the engines cannot meet there: in another folder they may.
  GroupLine(const GroupMember& member, std::function<bool()> goes_on, WorkTimes& times);

  /// Without leave() this is the end of the whole group's attempt: nothing is left in the folder.
  ~GroupLine();
  GroupLine(const GroupLine&) = delete;
  GroupLine& operator=(const GroupLine&) = delete;

  int self() const { return member_.self; }
  int engines() const { return member_.engines; }

  /// `tensor` is copied.
  void post(int to, const std::string& lane, const std::string& tag, const at::Tensor& tensor);
  void post_notice(int to, const std::string& lane, const std::string& tag, at::IntArrayRef shape = {});

  /// The next message of the lane, if it has come.
  std::optional<Message> take(int from, const std::string& lane);
  /// The next message of the lane, whenever it comes. `what` is what is waited for.
  Message wait_for(int from, const std::string& lane, const std::string& what);

  /// Looks at the sockets until `is_there`. `what` and `engine` say what is missing, and whose it is.
  void wait_until(const std::function<bool()>& is_there, int engine, const std::string& what,
                  Looks looks = Looks::WhenWoken);
  /// The same for what this engine's own device does: that is no wait in `times`.
  void work_until(const std::function<bool()>& is_done, const std::string& what);

  /// Is done in every wait, again and again; returns whether it should be often now. Must not wait itself.
  void meanwhile(std::function<bool()> work) { meanwhile_ = std::move(work); }

  /// Returns when all engines of the group have called it: nothing is under way any more.
  void leave();

 private:
  using Inbox = std::deque<Message>;

  void look_until(const std::function<bool()>& is_there, Looks looks, const std::string& doing);
  void take_in_within(int timeout_ms);

  GroupMember member_;
  std::function<bool()> goes_on_;
  WorkTimes& times_;
  std::function<bool()> meanwhile_ = [] { return false; };
  std::unique_ptr<GroupFolder> folder_;
  std::unique_ptr<GroupSocket> socket_;                   // gone before the folder
  std::map<std::pair<int, std::string>, Inbox> inboxes_;  ///< by sender and lane
};

}  // namespace longtake
