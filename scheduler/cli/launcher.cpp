#include "scheduler/cli/launcher.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "jobs/error.h"
#include "scheduler/cli/living_children.h"
#include "storage/file_descriptor.h"
#include "storage/program_start.h"

namespace longtake {
namespace {

constexpr std::array<int, 4> kDrainSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};

std::atomic<pid_t> child_pid{0};
std::atomic<bool> child_listens{false};
std::atomic<int> signals_seen{0};

extern "C" void pass_on(int) {
  const pid_t child = child_pid.load();
  if (child <= 0) return;
  const bool is_first = signals_seen.fetch_add(1) == 0;
  if (is_first && !child_listens.load()) return;  // ChildWatch passes it on
  ::kill(child, is_first ? SIGUSR1 : SIGTERM);
}

/// Installs the handlers for as long as the child runs.
class SignalsToChild {
 public:
  SignalsToChild() {
    struct sigaction action {};
    action.sa_handler = pass_on;
    action.sa_flags = SA_RESTART;
    for (std::size_t i = 0; i < kDrainSignals.size(); ++i)
      ::sigaction(kDrainSignals[i], &action, &before_[i]);
  }
  ~SignalsToChild() {
    for (std::size_t i = 0; i < kDrainSignals.size(); ++i)
      ::sigaction(kDrainSignals[i], &before_[i], nullptr);
  }
  SignalsToChild(const SignalsToChild&) = delete;
  SignalsToChild& operator=(const SignalsToChild&) = delete;

 private:
  std::array<struct sigaction, kDrainSignals.size()> before_{};
};

/// Holds the signals back while it is not known yet to whom they go.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : kDrainSignals) sigaddset(&held, signal);
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  ~SignalsHeldBack() { let_through(); }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

  /// Async-signal-safe.
  void let_through() const { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

/// Only async-signal-safe calls: this runs between fork and exec.
[[noreturn]] void become(char* const* arguments, pid_t parent, const SignalsHeldBack& held, int error_pipe) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  ::setpgid(0, 0);
  for (const int signal : kDrainSignals) ::signal(signal, SIG_DFL);
  held.let_through();
  const int null = ::open("/dev/null", O_RDONLY);
  ::dup2(null, STDIN_FILENO);
  ::dup2(STDERR_FILENO, STDOUT_FILENO);
  ::execvp(arguments[0], arguments);
  end_failed_child(error_pipe);
}

[[noreturn]] void refuse_to_start(const std::string& program, int error_number) {
  const char* remedy = program == "srun" ? "put Slurm's programs on the PATH, or use --launch mpirun"
                                         : "install Open MPI (Debian: openmpi-bin) and put it on the PATH";
  throw Error(ErrorKind::InvalidInput,
              "cannot start " + program + " (" + std::strerror(error_number) + "): " + remedy);
}

/// Watches a child for the moment when it should have ended.
class ChildWatch {
 public:
  ChildWatch(pid_t child, const ChildHabits& habits)
      : child_(child), habits_(habits), ended_(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))) {}

  /// Returns when the child has ended.
  void wait() {
    constexpr int kLookEvery_ms = 500;
    see_whether_it_listens();
    while (!ends_within(kLookEvery_ms)) {
      end_when_childless();
      see_whether_it_listens();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool ends_within(int timeout_ms) const {
    // Without such a descriptor (a kernel before 5.3) waitpid() alone waits.
    if (ended_.get() < 0) return true;
    pollfd event{ended_.get(), POLLIN, 0};
    return ::poll(&event, 1, timeout_ms) > 0;
  }

  void end_when_childless() {
    const Clock::time_point now = Clock::now();
    if (has_living_children(child_)) {
      had_children_ = true;
      childless_since_ = now;
    }
    if (!had_children_ || now - childless_since_ < habits_.childless_patience) return;
    const bool was_asked = std::exchange(was_asked_, true);
    if (!was_asked) {
      std::fprintf(stderr, "longtake: mpirun does not end though all ranks have: ending it\n");
    }
    ::kill(child_, was_asked ? SIGKILL : SIGTERM);
    childless_since_ = now;
  }

  void see_whether_it_listens() const {
    if (child_listens.load()) return;
    // Where waitpid() alone waits, nobody would look again.
    if (ended_.get() >= 0 && habits_.listens && !habits_.listens()) return;
    child_listens.store(true);
    // After the store: a signal that comes now is passed on twice rather than never.
    if (signals_seen.load() == 1) ::kill(child_, SIGUSR1);
  }

  pid_t child_;
  const ChildHabits& habits_;
  FileDescriptor ended_;
  bool had_children_ = false;
  bool was_asked_ = false;
  Clock::time_point childless_since_ = Clock::now();
};

/// Waits for its end. Its wait status.
int reap(pid_t child) {
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  child_pid.store(0);  // before its number may become another process's
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

}  // namespace

int run_child(const std::vector<std::string>& command, const ChildHabits& habits) {
  const std::vector<char*> arguments = pointers_to(command);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_errno("cannot make a pipe");
  const FileDescriptor error(ends[0]);
  FileDescriptor error_of_child(ends[1]);
  const SignalsToChild handlers;
  const pid_t parent = ::getpid();
  const SignalsHeldBack held;
  const pid_t child = ::fork();
  if (child < 0) throw_errno("cannot start " + command.front());
  if (child == 0) become(arguments.data(), parent, held, error_of_child.get());
  signals_seen.store(0);
  child_listens.store(false);
  child_pid.store(child);
  held.let_through();
  error_of_child.close();
  const int exec_error = error_of_start(error);
  if (exec_error == 0) ChildWatch(child, habits).wait();
  const int status = reap(child);
  if (exec_error != 0) refuse_to_start(command.front(), exec_error);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace longtake
