#pragma once

#include "scheduler/cli/options.h"

namespace longtake {

/// This process as one rank of a world that mpirun or srun started: rank 0 also runs the scheduler, on a
/// thread of its own. Returns the exit code of the run on rank 0, 0 elsewhere.
int run_as_rank(const CliOptions& options);

}  // namespace longtake
