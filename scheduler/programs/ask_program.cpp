#include "scheduler/programs/ask_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "jobs/error.h"
#include "storage/file_descriptor.h"
#include "storage/program_start.h"

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

/// All that a child needs, made before fork().
struct ChildPlan {
  char* const* arguments;
  char* const* environment;
  int input;
  int out;
  int err;
  int failure;  ///< takes the errno of an exec that fails, and closes when it does not
  pid_t parent;
};

/// Only async-signal-safe calls: this runs between fork and exec.
[[noreturn]] void become(const ChildPlan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != plan.parent) ::_exit(1);  // the parent died before prctl could see it
  ::setpgid(0, 0);
  ::dup2(plan.input, STDIN_FILENO);
  ::dup2(plan.out, STDOUT_FILENO);
  ::dup2(plan.err, STDERR_FILENO);
  ::execvpe(plan.arguments[0], plan.arguments, plan.environment);
  end_failed_child(plan.failure);
}

int wait_for_end(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// The process, in a group of its own, which does not outlive us; 0 when there is no such program.
pid_t start(const Question& question, const Pipe& out, const Pipe& err) {
  const FileDescriptor input = file_with(question.input);
  const std::vector<std::string> variables = environment_with(question.environment);
  const std::vector<char*> environment = pointers_to(variables);
  const std::vector<char*> arguments = pointers_to(question.command);
  Pipe failure = make_pipe();
  const ChildPlan plan = {arguments.data(),    environment.data(),      input.get(), out.write_end.get(),
                          err.write_end.get(), failure.write_end.get(), ::getpid()};
  const std::string what = "cannot start " + question.command.front();
  const pid_t pid = ::fork();
  if (pid < 0) throw_errno(what);
  if (pid == 0) become(plan);
  ::setpgid(pid, pid);  // here too: whoever is first
  failure.write_end.close();
  const int error_number = error_of_start(failure.read_end);
  if (error_number == 0) return pid;
  wait_for_end(pid);
  if (error_number == ENOENT || error_number == EACCES) return 0;
  errno = error_number;
  throw_errno(what);
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
