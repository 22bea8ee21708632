#include "scheduler/doctor/socket_holder.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "scheduler/doctor/system_files.h"
#include "storage/file_descriptor.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kListening = "0A";

/// With SO_REUSEADDR, as servers do: a connection that is only dying down does not count.
bool can_listen(int port) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool is_bound =
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (!is_bound) return errno != EADDRINUSE;
  return ::listen(socket.get(), 1) == 0 || errno != EADDRINUSE;
}

bool is_pid(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool holds(const fs::path& process, const std::string& socket) {
  for (const std::string& descriptor : names_in(process / "fd")) {
    std::error_code gone;
    if (fs::read_symlink(process / "fd" / descriptor, gone) == socket) return true;
  }
  return false;
}

std::optional<PortHolder> holder_of(std::uint64_t inode) {
  const std::string socket = "socket:[" + std::to_string(inode) + "]";
  for (const std::string& name : names_in("/proc")) {
    const fs::path process = fs::path("/proc") / name;
    if (is_pid(name) && holds(process, socket))
      return PortHolder{std::atoi(name.c_str()), line_of(process / "comm")};
  }
  return std::nullopt;
}

std::optional<PortHolder> holder_of_port(int port) {
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    for (const std::uint64_t inode : inodes_at_port(content_of(table), port)) {
      if (const auto holder = holder_of(inode)) return holder;
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::uint64_t> inodes_at_port(const std::string& table, int port) {
  std::vector<std::uint64_t> listening, others;
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    // "0: 00000000:71AF 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 12345 ..."
    std::istringstream columns(line);
    std::string slot, local, remote, state, queues, timer, retransmits, user, timeout;
    std::uint64_t inode = 0;
    if (!(columns >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >>
          inode))
      continue;
    const std::size_t colon = local.rfind(':');
    if (colon == std::string::npos) continue;
    if (std::strtol(local.c_str() + colon + 1, nullptr, 16) != port || inode == 0) continue;
    (state == kListening ? listening : others).push_back(inode);
  }
  listening.insert(listening.end(), others.begin(), others.end());
  return listening;
}

void find_holders(std::vector<PortFacts>& ports) {
  for (PortFacts& port : ports) {
    port.is_free = can_listen(port.port);
    if (!port.is_free) port.holder = holder_of_port(port.port);
  }
}

}  // namespace longtake
