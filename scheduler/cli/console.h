#pragma once

#include <string>

#include "scheduler/run_status.h"
#include "storage/change.h"

namespace longtake {

/// Shows a run on standard error: one line that is redrawn on a terminal, plain log lines elsewhere.
class Console {
 public:
  explicit Console(bool is_terminal) : is_terminal_(is_terminal) {}

  void show(const RunStatus& status);
  void show(const EventNoted& event);

 private:
  bool is_terminal_;
  bool has_line_ = false;
  std::string last_line_;
  std::int64_t shown_ms_ = 0;
};

/// "clips 12/160 (7 %)  23.4 frames/s  ETA 0:12:30  2 busy".
std::string progress_line(const RunStatus& status);

/// "1:02:03"; "?" for a negative number.
std::string duration_text(double seconds);

/// Several lines: run, jobs, groups, last events.
std::string status_text(const RunStatus& status);

/// Whether progress should be drawn as on a terminal: standard error is one, or the process that
/// launched us said so (LONGTAKE_TERMINAL=1).
bool is_progress_on_terminal();

}  // namespace longtake
