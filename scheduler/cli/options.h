#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/cli/simulate_request.h"
#include "scheduler/cli/slurm_options.h"

namespace longtake {

/// What a person typed. Each command uses its part.
struct CliOptions {
  std::vector<std::filesystem::path> jobs;
  std::filesystem::path work_dir;  ///< empty: longtake-work/ beside the first job file, or here
  std::string profile;             ///< empty: chosen by what is there
  std::optional<int> ranks;
  std::string engine;
  std::string model;
  std::string deadline;  ///< run: by when it has to be over; empty: when the Slurm job ends, if there is one
  std::string drain_time;   ///< run: a duration; empty: the default
  std::string end_reserve;  ///< run: a duration; empty: the default
  std::string launch;       ///< run: mpirun, srun; empty: mpirun
  bool json = false;
  bool watch = false;
  std::string job;     ///< explain, redo
  std::string clips;   ///< redo: "A:B"
  SlurmOptions slurm;  ///< submit
  SimulateRequest simulate;
};

/// The work directory of a command that names jobs, and of one that does not.
std::filesystem::path work_dir_of(const CliOptions& options);

}  // namespace longtake
