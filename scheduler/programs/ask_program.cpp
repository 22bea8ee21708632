#include "scheduler/programs/ask_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "jobs/error.h"
#include "storage/file_descriptor.h"

extern char** environ;

namespace longtake {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kGrace{2};

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& changed) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (changed.count(text.substr(0, text.find('='))) == 0) variables.push_back(text);
  }
  for (const auto& [name, value] : changed) variables.push_back(name + "=" + value);
  return variables;
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

/// A file in memory, read from its beginning: unlike a pipe it needs nobody who writes while it is read.
FileDescriptor file_with(const std::string& text) {
  FileDescriptor file(::memfd_create("input", MFD_CLOEXEC));
  if (file.get() < 0) throw_errno("cannot hold a program's input in memory");
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t count = ::write(file.get(), text.data() + written, text.size() - written);
    if (count < 0) throw_errno("cannot hold a program's input in memory");
    written += static_cast<std::size_t>(count);
  }
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// The process, in a group of its own; 0 when there is no such program.
pid_t start(const Question& question, const Pipe& out, const Pipe& err) {
  const FileDescriptor input = file_with(question.input);
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, input.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, out.write_end.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&files, err.write_end.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const std::vector<std::string> variables = environment_with(question.environment);
  const char* const program = question.command.front().c_str();
  pid_t pid = 0;
  const int failure = ::posix_spawnp(&pid, program, &files, &attributes, pointers_to(question.command).data(),
                                     pointers_to(variables).data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (failure == 0) return pid;
  if (failure == ENOENT || failure == EACCES) return 0;
  errno = failure;
  throw_errno(std::string("cannot start ") + program);
}

/// Appends what is there; closes at the end of the file.
void take(FileDescriptor& from, std::string& into) {
  std::array<char, 4096> bytes{};
  const ssize_t got = ::read(from.get(), bytes.data(), bytes.size());
  if (got > 0) into.append(bytes.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR)) from.close();
}

/// Reads until both are closed; false when that takes longer than until `deadline`.
bool read_until(Clock::time_point deadline, FileDescriptor& out, FileDescriptor& err, Answer& answer) {
  while (out.is_open() || err.is_open()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    // A negative descriptor is one that poll() does not look at.
    std::array<pollfd, 2> events = {pollfd{out.get(), POLLIN, 0}, pollfd{err.get(), POLLIN, 0}};
    if (::poll(events.data(), events.size(), static_cast<int>(left.count())) <= 0) continue;
    if (events[0].revents != 0) take(out, answer.out);
    if (events[1].revents != 0) take(err, answer.err);
  }
  return true;
}

int wait_for_end(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Answer ask_program(const Question& question) {
  Answer answer;
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  const pid_t pid = start(question, out, err);
  if (pid == 0) return answer;
  answer.was_started = true;
  out.write_end.close();
  err.write_end.close();
  answer.was_late = !read_until(Clock::now() + question.limit, out.read_end, err.read_end, answer);
  if (answer.was_late) {
    ::kill(-pid, SIGTERM);
    read_until(Clock::now() + kGrace, out.read_end, err.read_end, answer);
    ::kill(-pid, SIGKILL);
  }
  answer.exit_code = wait_for_end(pid);
  return answer;
}

}  // namespace longtake
