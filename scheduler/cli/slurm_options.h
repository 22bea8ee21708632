#pragma once

#include <optional>
#include <string>
#include <vector>

namespace longtake {

/// What a person typed behind `longtake submit`, named as sbatch names it. Empty: not given.
struct SlurmOptions {
  std::string partition;
  std::string account;
  std::string time_limit;
  std::string memory;
  std::string job_name;
  std::string dependency;
  std::string gres;
  std::optional<int> nodes;
  std::optional<int> gpus_per_node;
  std::optional<int> tasks_per_node;
  std::optional<int> cpus_per_task;
  std::vector<std::string> more;  ///< options of sbatch as they are
  int warn_before_s = 120;
  std::string launch;  ///< mpirun, srun
  bool is_array = false;
  std::optional<int> array_at_once;
  bool is_dry_run = false;
};

}  // namespace longtake
