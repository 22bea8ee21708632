#include "rank/launch/srun_command.h"

#include "jobs/error.h"

namespace longtake {

std::vector<std::string> srun_command(const LaunchOptions& options,
                                      const std::map<std::string, std::string>& environment) {
  if (options.ranks < 1 || options.program.empty()) {
    throw Error(ErrorKind::Bug, "cannot start " + std::to_string(options.ranks) + " ranks of a program of " +
                                    std::to_string(options.program.size()) + " words");
  }
  std::vector<std::string> command = {"srun", "--ntasks=" + std::to_string(options.ranks)};
  // A step does not inherit this one from the job (Slurm 22.05 and later).
  const auto processors = environment.find("SLURM_CPUS_PER_TASK");
  if (processors != environment.end()) command.push_back("--cpus-per-task=" + processors->second);
  const auto plugin = environment.find("SLURM_MPI_TYPE");
  const bool has_plugin = plugin != environment.end() && !plugin->second.empty();
  command.push_back("--mpi=" + (has_plugin ? plugin->second : "pmix"));
  // Ranks may end before the others, whatever the site thinks of such steps.
  command.insert(command.end(), {"--kill-on-bad-exit=0", "--wait=0"});
  // Also in a job that was submitted with --export=NONE.
  command.emplace_back("--export=ALL");
  command.insert(command.end(), options.program.begin(), options.program.end());
  return command;
}

}  // namespace longtake
