#pragma once

#include <map>
#include <optional>
#include <string>
#include <zmq.hpp>

/// For the sources of this folder only.
namespace longtake {

/// Tells whose connection to a socket has ended. A process that is killed has its connections closed by its
/// kernel at once, long before its silence says so. What ends can also begin again: a dealer reconnects.
/// Belongs to the socket's thread.
class HangUps {
 public:
  /// Watches `socket`, which must outlive this. Throws zmq::error_t.
  explicit HangUps(zmq::socket_t& socket);

  /// `peer` sent this message over one connection.
  void remember(const std::string& peer, const zmq::message_t& message);

  /// The next peer whose connection has ended since. Call it after all messages were received: what a peer
  /// sent before its end is then heard before its end. Never blocks. Throws zmq::error_t.
  std::optional<std::string> next();

 private:
  class Monitor : public zmq::monitor_t {
   public:
    std::optional<int> ended;  ///< descriptor of the connection
    void on_event_disconnected(const zmq_event_t& event, const char*) override { ended = event.value; }
  };
  Monitor monitor_;
  std::map<int, std::string> peer_by_descriptor_;
};

}  // namespace longtake
