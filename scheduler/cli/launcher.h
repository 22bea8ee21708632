#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace longtake {

/// Runs `command` as a child until it ends, its standard output on our standard error. SIGINT, SIGTERM,
/// SIGHUP and SIGUSR1 that reach us become SIGUSR1 for it, which mpirun and srun forward to the ranks without
/// killing anything: the run drains. It gets SIGUSR1 again every half second, as what reaches it while it
/// starts is lost. A second signal of ours ends it with SIGTERM. The child is in a process group
/// of its own, so that Ctrl-C does not kill ranks past us, and ends when we are killed.
///
/// A child that had children and has none any more is ended after `childless_patience`: mpirun waits for
/// ever when a rank died while it was introducing itself (seen with Open MPI 4.1.4).
///
/// Returns how it ended: its exit code, or 128 + the signal. Throws Error{InvalidInput} when it cannot
/// be started.
int run_child(const std::vector<std::string>& command,
              std::chrono::milliseconds childless_patience = std::chrono::seconds(10));

}  // namespace longtake
