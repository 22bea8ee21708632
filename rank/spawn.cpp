#include "rank/spawn.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "jobs/engine_protocol.h"
#include "jobs/error.h"

namespace longtake {
namespace {

// Where the child finds its descriptors after exec: 0 to 2, then the line, then nothing.
constexpr int kLineInChild = 3;
// Where exec's failure is written to; closes by itself when exec succeeds.
constexpr int kFailureInChild = 4;
constexpr unsigned kFirstUnknownInChild = 5;

/// All that the child needs, made before fork(): between fork() and exec() of a program with threads
/// only async-signal-safe calls are allowed, so nothing there may allocate.
struct ChildPlan {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int null_device;
  int output;
  int line;
  int failure;
  pid_t parent;
};

/// What a person or Slurm sends to every process of a run. The ranks answer it: an engine that died of it
/// would look like a fault.
constexpr std::array<int, 5> kSignalsOfRanks = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
  action.sa_handler = SIG_IGN;
  for (const int signal : kSignalsOfRanks) ::sigaction(signal, &action, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Every wanted descriptor goes above the target numbers first, so that no dup2 overwrites one still needed.
void arrange_descriptors(ChildPlan& plan) {
  constexpr int kAboveTargets = 16;
  for (int* descriptor : {&plan.null_device, &plan.output, &plan.line, &plan.failure}) {
    const int moved = ::fcntl(*descriptor, F_DUPFD_CLOEXEC, kAboveTargets);
    if (moved < 0) end_failed_child(plan.failure);
    *descriptor = moved;
  }
  if (::dup2(plan.null_device, STDIN_FILENO) < 0 || ::dup2(plan.output, STDOUT_FILENO) < 0 ||
      ::dup2(plan.output, STDERR_FILENO) < 0 || ::dup2(plan.line, kLineInChild) < 0 ||
      ::dup3(plan.failure, kFailureInChild, O_CLOEXEC) < 0) {
    end_failed_child(plan.failure);
  }
  plan.failure = kFailureInChild;
  // MPI and others open descriptors without O_CLOEXEC; an inherited socket would keep peers from seeing us
  // die.
  ::close_range(kFirstUnknownInChild, UINT_MAX, 0);
}

[[noreturn]] void become_engine(ChildPlan plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != plan.parent) ::_exit(127);  // the parent died before prctl could see it
  ::setpgid(0, 0);
  reset_signals();
  arrange_descriptors(plan);
  ::execve(plan.program, plan.arguments, plan.environment);
  end_failed_child(plan.failure);
}

Environment with_line(Environment changed) {
  changed[kEngineDescriptorVariable] = std::to_string(kLineInChild);
  return changed;
}

FileDescriptor open_or_throw(const std::filesystem::path& path, int flags) {
  FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (!file.is_open()) throw_errno("cannot open " + path.string());
  return file;
}

[[noreturn]] void throw_not_started(const std::filesystem::path& program, int error_number) {
  const bool is_wrong_program = error_number == ENOENT || error_number == EACCES || error_number == ENOEXEC ||
                                error_number == ENOTDIR || error_number == EISDIR;
  throw Error(is_wrong_program ? ErrorKind::InvalidInput : ErrorKind::Io,
              "cannot start the engine program " + program.string() + ": " + std::strerror(error_number));
}

}  // namespace

SpawnedChild spawn_engine(const std::filesystem::path& program, const std::filesystem::path& log,
                          const Environment& changed) {
  std::array<int, 2> line{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, line.data()) != 0)
    throw_errno("cannot make a socket pair");
  FileDescriptor ours(line[0]);
  FileDescriptor theirs(line[1]);
  std::array<int, 2> failure{};
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  const FileDescriptor failure_read(failure[0]);
  FileDescriptor failure_write(failure[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);

  const FileDescriptor null_device = open_or_throw("/dev/null", O_RDONLY);
  const FileDescriptor log_file =
      log.empty() ? FileDescriptor() : open_or_throw(log, O_WRONLY | O_CREAT | O_APPEND);

  const std::string program_text = program.string();
  const std::vector<std::string> arguments = {program_text};
  const std::vector<std::string> environment = environment_with(with_line(changed));
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const ChildPlan plan{program_text.c_str(),
                       argument_pointers.data(),
                       environment_pointers.data(),
                       null_device.get(),
                       log_file.is_open() ? log_file.get() : STDERR_FILENO,
                       theirs.get(),
                       failure_write.get(),
                       ::getpid()};

  const pid_t pid = ::fork();
  if (pid < 0) throw_errno("cannot start a process for " + program_text);
  if (pid == 0) become_engine(plan);
  failure_write.close();
  if (const int error_number = error_of_start(failure_read); error_number != 0) {
    ::waitpid(pid, nullptr, 0);
    throw_not_started(program, error_number);
  }
  return {pid, std::move(ours)};
}

}  // namespace longtake
