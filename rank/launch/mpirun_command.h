#pragma once

#include <map>
#include <string>
#include <vector>

namespace longtake {

struct LaunchOptions {
  int ranks = 1;
  int processors = 1;         ///< usable ones of this host
  bool is_root = false;       ///< as in most containers
  bool one_per_host = false;  ///< on every host of an allocation in turn; else hosts are filled one by one
  /// Names of variables that ranks on other hosts need as well (mpirun carries only its own).
  std::vector<std::string> exported_variables;
  std::vector<std::string> program;  ///< what each rank runs, with its arguments
};

/// The command that starts `ranks` copies of the program under Open MPI, as an argv.
/// Throws Error{Bug} when there is nothing to start.
std::vector<std::string> mpirun_command(const LaunchOptions& options);

/// "1" for the ranks that `longtake run` starts: what else they are given does not tell a step of one rank
/// from an interactive shell.
inline constexpr const char* kUnderLauncherVariable = "LONGTAKE_UNDER_LAUNCHER";

/// Whether this process is a rank that an mpirun or srun has started, told by its environment, or
/// stands alone. A Slurm batch script stands alone although Slurm gives it a SLURM_PROCID, and so does an
/// interactive shell of one task.
bool is_under_mpi_launcher(const std::map<std::string, std::string>& environment);

}  // namespace longtake
