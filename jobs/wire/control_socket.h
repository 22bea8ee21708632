#pragma once

#include <memory>
#include <optional>
#include <string>

/// The control plane's sockets: the one home of ZeroMQ. Every connection is encrypted and authenticated
/// with CURVE keys that are made anew for each run; a peer without the run's client key is refused
/// during the handshake, so nobody else on the network can speak to a rank or read a prompt.
namespace longtake {

/// Z85 texts of 40 characters. All ranks and watchers of a run share the client key.
struct ControlKeys {
  std::string server_public;
  std::string client_public;
  std::string client_secret;
};

/// Where a scheduler listens and what one needs to speak to it.
struct ControlAddress {
  std::string endpoint;  ///< "tcp://node17:40321"
  ControlKeys keys;
};

/// One JSON document each way, for MPI broadcast and for scheduler.json.
std::string encode(const ControlAddress& address);
/// Throws Error{InvalidInput} when `text` is not an address.
ControlAddress decode_control_address(const std::string& text);

/// Who may connect: only this host, or every host of the network (with the key).
enum class ControlReach { Loopback, Network };

/// The scheduler's end. Belongs to one thread.
class ControlServer {
 public:
  struct Received {
    std::string peer;  ///< the sender's identity, or a number ZeroMQ made up
    std::string text;
  };

  /// Makes new keys and binds a free TCP port. Throws Error{Io}.
  explicit ControlServer(ControlReach reach);
  ~ControlServer();

  const ControlAddress& address() const;

  /// Never blocks; a text for a peer that is not connected is dropped.
  void send(const std::string& peer, const std::string& text);

  /// The next message, if one is there. Never blocks.
  std::optional<Received> receive();

  /// A peer whose connection has ended since, as when its process was killed; it may connect again by itself.
  /// To be asked when receive() has nothing more. Never blocks.
  std::optional<std::string> hung_up();

  /// Sleeps until a message, or `wake_descriptor` (-1: none) is readable, or the time is up.
  void wait(int timeout_ms, int wake_descriptor);

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
};

/// A rank's or a watcher's end. Belongs to one thread. Connects in the background and again after a
/// break; what is sent meanwhile waits.
class ControlClient {
 public:
  /// `identity`: unique among the peers of a server, e.g. "rank-3"; empty: the server makes one up.
  ControlClient(const ControlAddress& address, const std::string& identity);
  ~ControlClient();

  void send(const std::string& text);

  /// The next message, if one is there. Never blocks.
  std::optional<std::string> receive();

  /// Waits at most `timeout_ms` for the next message.
  std::optional<std::string> receive_within(int timeout_ms);

  /// Readable when something may have arrived. Edge-triggered (ZMQ_FD): call receive() until it
  /// returns nothing before each poll.
  int descriptor() const;

 private:
  struct Socket;
  std::unique_ptr<Socket> socket_;
};

}  // namespace longtake
