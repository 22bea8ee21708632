#include "rank/launch/start_deadline.h"

#include <signal.h>
#include <unistd.h>

namespace longtake {
namespace {

volatile sig_atomic_t exit_code_when_late = 0;

/// Not an exception: the thread is inside MPI and does not come back.
extern "C" void end_late_start(int) {
  constexpr char kLine[] =
      "longtake: a rank waited 30 s for the others while starting: one of them died or cannot be reached; "
      "run again to go on\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kLine, sizeof kLine - 1);
  ::_exit(exit_code_when_late);
}

}  // namespace

StartDeadline::StartDeadline(int exit_code) {
  static_assert(kStartStep_s == 30, "the line says so");
  exit_code_when_late = exit_code;
  ::signal(SIGALRM, end_late_start);
  extend();
}

StartDeadline::~StartDeadline() {
  ::alarm(0);
  ::signal(SIGALRM, SIG_DFL);
}

void StartDeadline::extend() { ::alarm(kStartStep_s); }

}  // namespace longtake
