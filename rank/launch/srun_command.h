#pragma once

#include <map>
#include <string>
#include <vector>

#include "rank/launch/mpirun_command.h"

namespace longtake {

/// The command that starts `ranks` copies of the program as a step of a Slurm job, as an argv. They find each
/// other by Slurm's PMIx plugin; SLURM_MPI_TYPE in `environment` names another one. The step gets the
/// processors of a rank that the job has (SLURM_CPUS_PER_TASK), and every variable of this process.
/// Throws Error{Bug} when there is nothing to start.
std::vector<std::string> srun_command(const LaunchOptions& options,
                                      const std::map<std::string, std::string>& environment);

}  // namespace longtake
