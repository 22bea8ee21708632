#include "rank/launch/start_deadline.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr unsigned kUsual_s = 30;
constexpr unsigned kLongest_s = 3600;

volatile sig_atomic_t exit_code_when_late = 0;
/// Made before it is needed: a signal handler must not.
std::array<char, 200> last_line{};
volatile sig_atomic_t last_line_bytes = 0;

/// Not an exception: the thread is inside MPI and does not come back.
extern "C" void end_late_start(int) {
  [[maybe_unused]] const ssize_t written =
      ::write(STDERR_FILENO, last_line.data(), static_cast<std::size_t>(last_line_bytes));
  ::_exit(exit_code_when_late);
}

}  // namespace

unsigned start_limit_s(const char* value) {
  if (value == nullptr) return kUsual_s;
  const std::string text = value;
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = error == std::errc{} && end == text.data() + text.size();
  if (is_number && seconds >= 1 && seconds <= kLongest_s) return seconds;
  throw Error(ErrorKind::InvalidInput, std::string(kStartLimitVariable) + " is '" + text +
                                           "': give whole seconds from 1 to " + std::to_string(kLongest_s));
}

StartDeadline::StartDeadline(int exit_code, unsigned limit_s) : limit_s_(limit_s) {
  exit_code_when_late = exit_code;
  last_line_bytes = std::snprintf(last_line.data(), last_line.size(),
                                  "longtake: a rank waited %u s for the others while starting: one of them "
                                  "died or cannot be reached; run again to go on\n",
                                  limit_s);
  ::signal(SIGALRM, end_late_start);
  extend();
}

StartDeadline::~StartDeadline() {
  ::alarm(0);
  ::signal(SIGALRM, SIG_DFL);
}

void StartDeadline::extend() { ::alarm(limit_s_); }

}  // namespace longtake
