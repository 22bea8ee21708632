#include "rank/engine/transport/group_line.h"

#include <chrono>
#include <cstring>
#include <thread>

#include "jobs/error.h"
#include "jobs/wire/group_socket.h"
#include "rank/engine/shape_text.h"
#include "rank/engine/transport/group_folder.h"
#include "rank/engine/transport/message_head.h"

namespace longtake {
namespace {

using std::chrono::steady_clock;

constexpr int kAskEvery_ms = 100;
/// Between two looks at a device, which nothing wakes us for.
constexpr std::chrono::microseconds kLookAgain{100};
/// Loading and a segment's slowest parts take minutes; whoever supervises the engines knows sooner.
constexpr std::chrono::minutes kLongestWait{60};
constexpr int kLeavePatience_ms = 1000;
constexpr const char* kLeaving = "leaving";

/// Copied out of the message: kernels may treat memory of another alignment differently.
at::Tensor tensor_of(const GroupMessage& message, const MessageHead& head) {
  const at::Tensor tensor = at::empty(head.shape, at::kFloat);
  if (tensor.nbytes() != message.body_bytes) {
    throw Error(ErrorKind::Bug, "'" + head.tag + "' of " + engine_name(head.from) + " has " +
                                    std::to_string(message.body_bytes) + " bytes for the shape " +
                                    shape_text(head.shape));
  }
  if (message.body_bytes > 0) std::memcpy(tensor.data_ptr(), message.body.get(), message.body_bytes);
  return tensor;
}

/// What `open` makes. The next attempt has another meeting place, so what is wrong with this one is no
/// reason to ask the user.
template <class Open>
auto connecting(const Open& open) {
  try {
    return open();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::Io && e.kind() != ErrorKind::InvalidInput) throw;
    throw Error(ErrorKind::NotConnected, e.what());
  }
}

}  // namespace

std::string engine_name(int engine) { return "engine " + std::to_string(engine) + " of the group"; }

GroupLine::GroupLine(const GroupMember& member, std::function<bool()> goes_on, WorkTimes& times)
    : member_(member),
      goes_on_(std::move(goes_on)),
      times_(times),
      folder_(connecting([&] { return std::make_unique<GroupFolder>(member.meeting, member.engines); })),
      socket_(connecting([&] {
        return std::make_unique<GroupSocket>(folder_->sockets(), static_cast<std::size_t>(member.self));
      })) {}

GroupLine::~GroupLine() = default;

void GroupLine::post(int to, const std::string& lane, const std::string& tag, const at::Tensor& tensor) {
  const at::Tensor sent = tensor.to(at::kCPU, at::kFloat).contiguous();
  socket_->send(static_cast<std::size_t>(to), encode({member_.self, lane, tag, true, sent.sizes().vec()}),
                sent.data_ptr(), sent.nbytes());
}

void GroupLine::post_notice(int to, const std::string& lane, const std::string& tag, at::IntArrayRef shape) {
  socket_->send(static_cast<std::size_t>(to), encode({member_.self, lane, tag, false, shape.vec()}), nullptr,
                0);
}

std::optional<GroupLine::Message> GroupLine::take(int from, const std::string& lane) {
  Inbox& inbox = inboxes_[{from, lane}];
  if (inbox.empty()) return std::nullopt;
  Message next = std::move(inbox.front());
  inbox.pop_front();
  return next;
}

GroupLine::Message GroupLine::wait_for(int from, const std::string& lane, const std::string& what) {
  const Inbox& inbox = inboxes_[{from, lane}];
  wait_until([&] { return !inbox.empty(); }, from, "for " + what);
  return *take(from, lane);
}

void GroupLine::wait_until(const std::function<bool()>& is_there, int engine, const std::string& what,
                           Looks looks) {
  const WorkTimes::Doing waiting(times_, "wait");
  look_until(is_there, looks, what + " (" + engine_name(engine) + ")");
}

void GroupLine::work_until(const std::function<bool()>& is_done, const std::string& what) {
  look_until(is_done, Looks::Often, what);
}

void GroupLine::look_until(const std::function<bool()>& is_there, Looks looks, const std::string& doing) {
  const auto begin = steady_clock::now();
  auto asked = begin;
  while (true) {
    const bool looks_often = meanwhile_() || looks == Looks::Often;
    if (is_there()) return;
    take_in_within(looks_often ? 0 : kAskEvery_ms);
    if (looks_often) std::this_thread::sleep_for(kLookAgain);
    const auto now = steady_clock::now();
    if (now - asked < std::chrono::milliseconds(kAskEvery_ms)) continue;
    asked = now;
    if (!goes_on_()) throw Error(ErrorKind::DeviceLost, "given up while waiting " + doing);
    if (now - begin < kLongestWait) continue;
    throw Error(ErrorKind::DeviceLost,
                "waited " + std::to_string(kLongestWait.count()) + " minutes " + doing);
  }
}

void GroupLine::take_in_within(int timeout_ms) {
  const std::optional<GroupMessage> message = socket_->receive_within(timeout_ms);
  if (!message) return;
  MessageHead head = decode_head(message->head);
  const at::Tensor tensor = head.has_numbers ? tensor_of(*message, head) : at::Tensor();
  inboxes_[{head.from, head.lane}].push_back({std::move(head.tag), std::move(head.shape), tensor});
}

void GroupLine::leave() {
  const int last = member_.engines - 1;
  if (member_.self != last) {
    post_notice(last, kLeaving, "");
    wait_for(last, kLeaving, "everyone's leave");
  } else {
    for (int engine = 0; engine < last; ++engine) wait_for(engine, kLeaving, "its leave");
    for (int engine = 0; engine < last; ++engine) post_notice(engine, kLeaving, "");
  }
  folder_->is_over();
  socket_->linger(kLeavePatience_ms);
}

}  // namespace longtake
