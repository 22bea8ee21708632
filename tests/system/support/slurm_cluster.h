#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/system/support/process.h"

namespace longtake {

/// Slurm as a site runs it, on this machine alone: munged, slurmctld and slurmd with a configuration, ports
/// and folders of their own. One node of eight processors and 16 GB, with four generic resources that stand
/// for GPUs; one partition, `night`. A job that is ended has 5 s between SIGTERM and SIGKILL, and one that is
/// requeued waits 6 s. The destructor cancels all jobs and kills whatever they have left.
class SlurmCluster {
 public:
  /// Why there can be none: not root, or no Slurm. Empty when there can.
  static std::string obstacle();

  /// Throws std::runtime_error with the daemons' logs when they do not come up.
  SlurmCluster();
  ~SlurmCluster();
  SlurmCluster(const SlurmCluster&) = delete;
  SlurmCluster& operator=(const SlurmCluster&) = delete;

  /// Runs a command of Slurm's, or one that uses them, to its end. Jobs that it submits go on.
  Ended run(const std::vector<std::string>& command, const std::filesystem::path& folder = {}) const;

  /// What `scontrol show job` says: JobState, Restarts, ExitCode, ... Empty when there is no such job.
  std::map<std::string, std::string> facts_of(const std::string& job) const;
  /// JobState of it.
  std::string state_of(const std::string& job) const;
  /// Running, pending and ending jobs.
  std::vector<std::string> queue() const;
  void set_node(const std::string& state) const;

  /// The tag that the processes of all jobs carry; see process_tree.h.
  const std::string& tag() const { return slurmd_->tag(); }

 private:
  void write_configuration() const;
  void start();
  bool is_up() const;
  std::string logs() const;

  std::filesystem::path folder_;
  std::unique_ptr<Process> munged_;
  std::unique_ptr<Process> slurmctld_;
  std::unique_ptr<Process> slurmd_;
};

}  // namespace longtake
