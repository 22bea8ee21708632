#include "rank/launch/mpirun_command.h"

#include "jobs/error.h"

namespace longtake {

std::vector<std::string> mpirun_command(const LaunchOptions& options) {
  if (options.ranks < 1 || options.program.empty()) {
    throw Error(ErrorKind::Bug, "cannot start " + std::to_string(options.ranks) + " ranks of a program of " +
                                    std::to_string(options.program.size()) + " words");
  }
  std::vector<std::string> command = {"mpirun", "-n", std::to_string(options.ranks)};
  // The other ranks survive the death of one.
  command.emplace_back("--enable-recovery");
  // A rank only watches; its engine's threads must not be tied to the one core Open MPI would give it.
  command.insert(command.end(), {"--bind-to", "none"});
  if (options.one_per_host) command.insert(command.end(), {"--map-by", "node"});
  if (options.is_root) command.emplace_back("--allow-run-as-root");
  // Open MPI counts cores, not hardware threads, and takes no cgroup into account: in a container its own
  // count of slots may be wrong in either direction.
  if (options.is_root || options.ranks > options.processors / 2) command.emplace_back("--oversubscribe");
  for (const std::string& name : options.exported_variables) command.insert(command.end(), {"-x", name});
  command.insert(command.end(), options.program.begin(), options.program.end());
  return command;
}

bool is_under_mpi_launcher(const std::map<std::string, std::string>& environment) {
  const auto told = environment.find(kUnderLauncherVariable);
  if (told != environment.end() && told->second == "1") return true;
  if (environment.count("OMPI_COMM_WORLD_SIZE") != 0) return true;
  // A Slurm step (not the batch script, which has no step): srun started one of these processes per task.
  const auto tasks = environment.find("SLURM_STEP_NUM_TASKS");
  if (environment.count("SLURM_STEP_ID") != 0 && tasks != environment.end()) return tasks->second != "1";
  return environment.count("PMIX_RANK") != 0 || environment.count("PMI_RANK") != 0;
}

}  // namespace longtake
