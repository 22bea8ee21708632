#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace longtake {

struct ChildHabits {
  /// Whether a drain that is asked for now will be heard; asked twice a second until it will. Empty: always.
  std::function<bool()> listens{};
  /// A child that had children and has none any more is ended after so long: mpirun waits for ever when a
  /// rank died while it was introducing itself (seen with Open MPI 4.1.4).
  std::chrono::milliseconds childless_patience = std::chrono::seconds(10);
};

/// Runs `command` as a child until it ends, its standard output on our standard error. SIGINT, SIGTERM,
/// SIGHUP and SIGUSR1 that reach us become one SIGUSR1 for it, which mpirun and srun forward to the ranks
/// without killing anything: the run drains. It is held back until the child listens: mpirun loses what comes
/// before it has started the ranks, and a rank that still loads its libraries dies of it. A second signal
/// ends the child at once, with SIGTERM. The child is in a process group of its own, so that Ctrl-C does not
/// kill ranks past us, and ends when we are killed.
///
/// Returns how it ended: its exit code, or 128 + the signal. Throws Error{InvalidInput} when it cannot
/// be started.
int run_child(const std::vector<std::string>& command, const ChildHabits& habits = {});

}  // namespace longtake
