#include "jobs/wire/hang_ups.h"

namespace longtake {

HangUps::HangUps(zmq::socket_t& socket) {
  monitor_.init(socket, "inproc://hang-ups", ZMQ_EVENT_DISCONNECTED);
}

void HangUps::remember(const std::string& peer, const zmq::message_t& message) {
  const int descriptor = zmq_msg_get(message.handle(), ZMQ_SRCFD);
  if (descriptor >= 0) peer_by_descriptor_[descriptor] = peer;
}

std::optional<std::string> HangUps::next() {
  while (monitor_.check_event(0)) {
    if (!monitor_.ended) continue;
    const auto found = peer_by_descriptor_.find(*monitor_.ended);
    monitor_.ended.reset();
    if (found == peer_by_descriptor_.end()) continue;
    const std::string peer = found->second;
    peer_by_descriptor_.erase(found);
    return peer;
  }
  return std::nullopt;
}

}  // namespace longtake
