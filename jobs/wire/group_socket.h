#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace longtake {

/// One message between engines. `body` stays valid as long as somebody holds it.
struct GroupMessage {
  std::string head;
  std::shared_ptr<const void> body;
  std::size_t body_bytes = 0;
};

/// One member's end of a group on one host: messages between all members over Unix sockets. Connects in
/// the background, so members may come in any order; what is sent to one that is not there yet waits in
/// memory, without a limit. Messages of one sender arrive in their order. Belongs to one thread.
class GroupSocket {
 public:
  /// Binds `sockets`[self] and connects to the others. Throws Error{InvalidInput} for a path that is too
  /// long for a Unix socket, Error{Io} when one cannot be opened, as all calls do for what ZeroMQ refuses.
  GroupSocket(const std::vector<std::filesystem::path>& sockets, std::size_t self);

  /// Drops what was not delivered, but for the patience of linger(); removes its own socket.
  ~GroupSocket();

  /// `body` is copied. Never waits.
  void send(std::size_t to, const std::string& head, const void* body, std::size_t body_bytes);

  /// Waits at most `timeout_ms` for the next message of any member.
  std::optional<GroupMessage> receive_within(int timeout_ms);

  /// From now on the destructor gives undelivered messages so much time.
  void linger(int patience_ms);

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
};

}  // namespace longtake
