#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "jobs/messages.h"
#include "jobs/wire/control_socket.h"
#include "scheduler/cli/options.h"
#include "scheduler/cli/run_result.h"

namespace longtake {

/// Rank 0's scheduler: from jobs and hardware to a running server on a thread of its own.
class SchedulerSide {
 public:
  /// Reads the jobs, opens the database, plans, opens the port. Throws Error and ProblemsFound: nothing
  /// runs then and the work directory is as before.
  SchedulerSide(const CliOptions& options, const std::vector<RankHardware>& ranks);
  ~SchedulerSide();

  const ControlAddress& address() const;
  void start();
  /// Safe from signal handlers. `by` must outlive the run.
  void ask_to_drain(const char* by) noexcept;
  /// Waits for the end of the run. Rethrows what ended the scheduler's thread, if something did.
  RunResult wait();
  /// Whether every rank was alive when the run ended.
  bool has_lost_ranks() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace longtake
