#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace longtake {

/// How `longtake run` starts the ranks inside an allocation.
enum class SlurmLaunch {
  Mpirun,  ///< knows the allocation; a lost rank does not end the others
  Srun,    ///< where there is no mpirun; a lost rank ends them all
};

/// Films that one run makes in one work directory.
struct BatchWork {
  std::vector<std::filesystem::path> jobs;  ///< absolute
  std::filesystem::path work_dir;           ///< absolute
};

/// What is asked of Slurm and what runs there. Empty texts and absent numbers: the site's default.
struct BatchJob {
  std::string name;
  int nodes = 1;
  int tasks_per_node = 1;  ///< ranks
  std::optional<int> gpus_per_node;
  std::string gres;  ///< as for sbatch, instead of gpus_per_node
  std::optional<int> cpus_per_task;
  std::string memory;      ///< of a node, as Slurm spells it: "64G"
  std::string time_limit;  ///< as Slurm spells it: "08:00:00"
  std::string partition;
  std::string account;
  std::string dependency;               ///< "afterok:123"
  std::vector<std::string> directives;  ///< more options of sbatch, as they are: "--qos=night"
  int warn_before_s = 0;                ///< SIGUSR1 so many seconds before the time is up
  std::filesystem::path log_folder;     ///< absolute; it must be there when the job starts

  std::vector<BatchWork> works;  ///< more than one: a job array, a task each
  bool is_array = false;         ///< also with one work
  std::optional<int> array_at_once;

  SlurmLaunch launch = SlurmLaunch::Mpirun;
  std::filesystem::path program;                   ///< longtake itself, absolute
  std::vector<std::string> run_options;            ///< of `longtake run`, besides jobs, work directory, ranks
  std::map<std::string, std::string> environment;  ///< set for the run

  int ranks() const { return nodes * tasks_per_node; }
};

}  // namespace longtake
