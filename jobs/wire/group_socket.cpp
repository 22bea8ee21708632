#include "jobs/wire/group_socket.h"

#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include <zmq.hpp>

#include "jobs/wire/zmq_guard.h"

namespace longtake {
namespace {

constexpr int kReconnect_ms = 50;
constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

std::string endpoint_of(const std::filesystem::path& path) {
  if (path.native().size() > kLongestPath) {
    throw Error(ErrorKind::InvalidInput, "the path of a Unix socket must not be longer than " +
                                             std::to_string(kLongestPath) + " characters, got " +
                                             std::to_string(path.native().size()) + ": " + path.string());
  }
  return "ipc://" + path.string();
}

}  // namespace

struct GroupSocket::Sockets {
  explicit Sockets(std::filesystem::path path) : own(std::move(path)) {}
  ~Sockets() { ::unlink(own.c_str()); }  // libzmq leaves it

  std::filesystem::path own;
  zmq::context_t context;
  zmq::socket_t inbox{context, zmq::socket_type::pull};
  std::vector<zmq::socket_t> outboxes;  ///< by member; our own stays unused
};

GroupSocket::GroupSocket(const std::vector<std::filesystem::path>& sockets, std::size_t self)
    : sockets_(std::make_unique<Sockets>(sockets.at(self))) {
  const std::string own = endpoint_of(sockets.at(self));
  guarded("cannot open the group's socket " + sockets[self].string(), [&] {
    // Whoever sends decides how much is under way; ZeroMQ must not stop reading for it.
    sockets_->inbox.set(zmq::sockopt::rcvhwm, 0);
    sockets_->inbox.bind(own);
  });
  for (std::size_t member = 0; member < sockets.size(); ++member) {
    const std::string endpoint = endpoint_of(sockets[member]);
    guarded("cannot open a socket to member " + std::to_string(member) + " of the group", [&] {
      zmq::socket_t outbox(sockets_->context, zmq::socket_type::push);
      outbox.set(zmq::sockopt::sndhwm, 0);
      outbox.set(zmq::sockopt::reconnect_ivl, kReconnect_ms);
      if (member != self) outbox.connect(endpoint);
      sockets_->outboxes.push_back(std::move(outbox));
    });
  }
  linger(0);
}

GroupSocket::~GroupSocket() = default;

void GroupSocket::linger(int patience_ms) {
  guarded("cannot say how long the group's sockets linger", [&] {
    for (zmq::socket_t& outbox : sockets_->outboxes) outbox.set(zmq::sockopt::linger, patience_ms);
  });
}

void GroupSocket::send(std::size_t to, const std::string& head, const void* body, std::size_t body_bytes) {
  const std::string doing = "cannot send to member " + std::to_string(to) + " of the group";
  zmq::socket_t& outbox = sockets_->outboxes.at(to);
  guarded(doing, [&] { return outbox.send(zmq::buffer(head), zmq::send_flags::sndmore); });
  guarded(doing, [&] { return outbox.send(zmq::buffer(body, body_bytes), zmq::send_flags::none); });
}

std::optional<GroupMessage> GroupSocket::receive_within(int timeout_ms) {
  constexpr const char* kDoing = "cannot receive from the group";
  zmq_pollitem_t item = {sockets_->inbox.handle(), 0, ZMQ_POLLIN, 0};
  // Interrupted by a signal: the caller looks around, as when the time is up.
  if (zmq_poll(&item, 1, timeout_ms) < 1) return std::nullopt;
  zmq::message_t head;
  const auto part = std::make_shared<zmq::message_t>();
  const auto receive = [&](zmq::message_t& into) {
    return guarded(kDoing, [&] { return sockets_->inbox.recv(into, zmq::recv_flags::dontwait); });
  };
  if (!receive(head)) return std::nullopt;
  if (head.more()) receive(*part);  // a message's parts arrive together
  return GroupMessage{head.to_string(), {part, part->data()}, part->size()};
}

}  // namespace longtake
