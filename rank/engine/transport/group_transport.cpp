#include "rank/engine/transport/host_transport.h"

#include <cstring>
#include <nlohmann/json.hpp>

#include "jobs/error.h"
#include "jobs/wire/group_socket.h"
#include "rank/engine/shape_text.h"
#include "rank/engine/transport/group_folder.h"

namespace longtake {
namespace {

using nlohmann::json;
using std::chrono::steady_clock;

/// The first word of every message.
constexpr int kVersion = 1;
constexpr int kAskEvery_ms = 100;
/// Loading and a segment's slowest parts take minutes; whoever supervises the engines knows sooner.
constexpr std::chrono::minutes kLongestWait{60};
constexpr int kLeavePatience_ms = 1000;
/// The receiver has taken a paced message.
constexpr const char* kTaken = "taken";
constexpr const char* kLeaving = "leaving";

const char* name_of(Lane lane) { return lane == Lane::Paced ? "paced" : "free"; }

std::string engine_name(int engine) { return "engine " + std::to_string(engine) + " of the group"; }

bool fits(at::IntArrayRef shape, at::IntArrayRef wanted) {
  if (shape.size() != wanted.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (wanted[i] != -1 && wanted[i] != shape[i]) return false;
  }
  return true;
}

struct Head {
  int from = 0;
  std::string lane;
  std::string tag;
  std::vector<std::int64_t> shape;
};

std::string encode(const Head& head) {
  return json::array({kVersion, head.from, head.lane, head.tag, "F32", head.shape}).dump();
}

Head decode(const std::string& text) {
  try {
    const json parts = json::parse(text);
    if (parts.at(0) == kVersion && parts.at(4) == "F32") {
      return {parts.at(1), parts.at(2), parts.at(3), parts.at(5)};
    }
  } catch (const json::exception&) {
    // said below
  }
  throw Error(ErrorKind::Bug, "an engine of the group sent something else than a float32 tensor of version " +
                                  std::to_string(kVersion) + ": " + text);
}

/// Copied out of the message: kernels may treat memory of another alignment differently.
at::Tensor tensor_of(const GroupMessage& message, const Head& head) {
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

HostTransport::HostTransport(const GroupMember& member, std::function<bool()> goes_on, WorkTimes& times)
    : member_(member),
      goes_on_(std::move(goes_on)),
      times_(times),
      folder_(connecting([&] { return std::make_unique<GroupFolder>(member.meeting, member.engines); })),
      socket_(connecting([&] {
        return std::make_unique<GroupSocket>(folder_->sockets(), static_cast<std::size_t>(member.self));
      })) {}

HostTransport::~HostTransport() = default;

void HostTransport::post(int to, const std::string& lane, const std::string& tag, const at::Tensor& tensor) {
  const at::Tensor sent = tensor.to(at::kCPU, at::kFloat).contiguous();
  socket_->send(static_cast<std::size_t>(to), encode({member_.self, lane, tag, sent.sizes().vec()}),
                sent.data_ptr(), sent.nbytes());
}

void HostTransport::send(int to, Lane lane, const std::string& tag, const at::Tensor& tensor) {
  if (lane == Lane::Paced) {
    int& under_way = paced_[to];
    wait_until([&] { return under_way < kMostPaced; }, to, "to take what was sent before '" + tag + "'");
    ++under_way;
  }
  post(to, name_of(lane), tag, tensor);
}

at::Tensor HostTransport::receive(int from, Lane lane, const std::string& tag, at::IntArrayRef shape) {
  Inbox& inbox = inboxes_[{from, name_of(lane)}];
  wait_until([&] { return !inbox.empty(); }, from, "for '" + tag + "'");
  const Arrived next = std::move(inbox.front());
  inbox.pop_front();
  if (next.tag != tag || !fits(next.tensor.sizes(), shape)) {
    throw Error(ErrorKind::Bug, "waited for '" + tag + "' " + shape_text(shape) + " from " +
                                    engine_name(from) + ", got '" + next.tag + "' " +
                                    shape_text(next.tensor.sizes()));
  }
  if (lane == Lane::Paced) post(from, kTaken, tag, at::empty({0}));
  return next.tensor;
}

void HostTransport::take_in_within(int timeout_ms) {
  const std::optional<GroupMessage> message = socket_->receive_within(timeout_ms);
  if (!message) return;
  Head head = decode(message->head);
  if (head.lane == kTaken) {
    --paced_[head.from];
    return;
  }
  const at::Tensor tensor = tensor_of(*message, head);
  inboxes_[{head.from, head.lane}].push_back({std::move(head.tag), tensor});
}

void HostTransport::wait_until(const std::function<bool()>& is_there, int engine, const std::string& what) {
  const WorkTimes::Doing waiting(times_, "wait");
  const auto begin = steady_clock::now();
  auto asked = begin;
  while (!is_there()) {
    take_in_within(kAskEvery_ms);
    const auto now = steady_clock::now();
    if (now - asked < std::chrono::milliseconds(kAskEvery_ms)) continue;
    asked = now;
    if (!goes_on_()) {
      throw Error(ErrorKind::DeviceLost, "given up while waiting " + what + " (" + engine_name(engine) + ")");
    }
    if (now - begin < kLongestWait) continue;
    throw Error(ErrorKind::DeviceLost, "waited " + std::to_string(kLongestWait.count()) + " minutes " + what +
                                           " (" + engine_name(engine) + ")");
  }
}

void HostTransport::leave() {
  const int last = member_.engines - 1;
  const at::Tensor nothing = at::empty({0});
  if (member_.self != last) {
    send(last, Lane::Free, kLeaving, nothing);
    receive(last, Lane::Free, kLeaving, {0});
  } else {
    for (int engine = 0; engine < last; ++engine) receive(engine, Lane::Free, kLeaving, {0});
    for (int engine = 0; engine < last; ++engine) send(engine, Lane::Free, kLeaving, nothing);
  }
  folder_->is_over();
  socket_->linger(kLeavePatience_ms);
}

}  // namespace longtake
