#include "rank/engine/text/filter_program.h"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "jobs/error.h"
#include "storage/file_descriptor.h"

namespace longtake {
namespace {

constexpr time_t kLongestSilence_s = 60;

/// A child of ours; killed and reaped when it goes out of scope.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

 private:
  pid_t pid_;
};

/// Our end and the child's: one socket is both its input and its output, and unlike a pipe it can be
/// written to without a signal when the child is gone.
std::pair<FileDescriptor, FileDescriptor> socket_pair(const std::string& doing) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw_errno(doing);
  std::pair<FileDescriptor, FileDescriptor> pair{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  const timeval limit{kLongestSilence_s, 0};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(pair.first.get(), SOL_SOCKET, option, &limit, sizeof limit) != 0) throw_errno(doing);
  }
  return pair;
}

pid_t start(const std::filesystem::path& program, const std::vector<std::string>& arguments, int socket,
            const std::string& doing) {
  std::vector<char*> pointers = {const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO);
  pid_t pid = 0;
  errno = ::posix_spawn(&pid, program.c_str(), &actions, nullptr, pointers.data(), environ);
  const int error = errno;
  ::posix_spawn_file_actions_destroy(&actions);
  errno = error;
  if (error != 0) throw_errno(doing);
  return pid;
}

void send_all(const FileDescriptor& socket, const std::string& input, const std::string& doing) {
  for (std::size_t sent = 0; sent < input.size();) {
    const ssize_t now = ::send(socket.get(), input.data() + sent, input.size() - sent, MSG_NOSIGNAL);
    if (now < 0 && errno == EINTR) continue;
    if (now < 0 && errno == EPIPE) break;  // it read enough; what it says counts
    if (now < 0) throw_errno(doing);
    sent += static_cast<std::size_t>(now);
  }
  ::shutdown(socket.get(), SHUT_WR);
}

std::string receive_all(const FileDescriptor& socket, const std::string& doing) {
  std::string output;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (got == 0) return output;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == ECONNRESET) return output;  // it ended without reading all of its input
    if (got < 0) throw_errno(doing);
    output.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::string output_of(const std::string& program, const std::vector<std::string>& arguments,
                      const std::string& input) {
  const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe").parent_path() / program;
  const std::string doing = "cannot run " + path.string();
  auto [ours, childs] = socket_pair(doing);
  const Child child(start(path, arguments, childs.get(), doing));
  childs.close();
  send_all(ours, input, doing);
  return receive_all(ours, doing);
}

}  // namespace longtake
