#pragma once

#include <array>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "tests/system/support/process_tree.h"
#include "tests/system/support/project.h"

namespace longtake {

/// A night in which everything goes wrong: four jobs of many short segments on three ranks, engines that
/// misbehave by chance, and SIGKILL now and then for one of the processes of the run. After each run the next
/// is begun, as a batch system does that requeues. When enough has gone wrong it calms down, and the films
/// must come. Equal seeds give equal draws; when a kill hits is up to the machine.
class Night {
 public:
  Night(unsigned seed, std::size_t faults);

  /// Until all jobs are done. Throws std::runtime_error when they are not after as many runs as should do, or
  /// when a run ends in a way that it should not.
  void pass();

  const Project& project() const { return project_; }
  const std::vector<std::string>& jobs() const { return jobs_; }
  std::int64_t frames_of_each() const { return frames_; }
  /// Living processes of all its runs, once those that end by themselves have had the time.
  std::vector<RunProcess> processes_left() const;

  std::size_t kills() const { return kills_.size(); }
  std::size_t faults() const { return kills_.size() + project_.faults_committed().size(); }
  /// "12 runs, 61 faults: 7 kill, 4 torn_file, 9 SIGKILL of a rank, ..."
  std::string summary() const;

 private:
  bool is_calm() const { return faults() >= wanted_faults_; }
  Ended one_run();
  void disturb(Process& run);
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  std::mt19937 random_;
  std::size_t wanted_faults_;
  std::int64_t frames_;
  std::vector<std::string> jobs_ = {"anchor", "host", "reader", "singer"};
  Project project_;
  std::vector<Process> runs_;  ///< kept: what is left of one may disturb the next
  std::vector<std::string> kills_;
};

}  // namespace longtake
