#pragma once

#include <chrono>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "rank/engine/transport/transport.h"
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

/// Through the memory of one host, over Unix sockets. Engines may come minutes apart.
class HostTransport : public Transport {
 public:
  /// `goes_on` is asked every 100 ms of a wait; false gives it up. Waits count as "wait" in `times`.
  /// Throws Error{NotConnected} when the engines cannot meet there: in another folder they may.
  HostTransport(const GroupMember& member, std::function<bool()> goes_on, WorkTimes& times);

  /// Without leave() this is the end of the whole group's attempt: nothing is left in the folder.
  ~HostTransport() override;

  void send(int to, Lane lane, const std::string& tag, const at::Tensor& tensor) override;
  at::Tensor receive(int from, Lane lane, const std::string& tag, at::IntArrayRef shape) override;
  void leave() override;

 private:
  struct Arrived {
    std::string tag;
    at::Tensor tensor;
  };
  using Inbox = std::deque<Arrived>;

  void post(int to, const std::string& lane, const std::string& tag, const at::Tensor& tensor);
  void wait_until(const std::function<bool()>& is_there, int engine, const std::string& what);
  void take_in_within(int timeout_ms);

  GroupMember member_;
  std::function<bool()> goes_on_;
  WorkTimes& times_;
  std::unique_ptr<GroupFolder> folder_;
  std::unique_ptr<GroupSocket> socket_;                   // gone before the folder
  std::map<std::pair<int, std::string>, Inbox> inboxes_;  ///< by sender and lane
  std::map<int, int> paced_;  ///< by receiver: sent on the lane Paced and not taken yet
};

}  // namespace longtake
