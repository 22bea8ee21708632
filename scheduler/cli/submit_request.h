#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "jobs/job_spec.h"
#include "scheduler/cli/options.h"
#include "scheduler/planner/plan.h"
#include "scheduler/slurm/batch_job.h"

/// From what was typed and what the profile says to a batch job. Pure.
namespace longtake {

/// What is around the person who submits.
struct SubmitSurroundings {
  std::filesystem::path program;   ///< longtake itself
  std::filesystem::path folder;    ///< where relative paths begin
  std::filesystem::path work_dir;  ///< absolute
  bool has_mpirun = false;
  bool has_srun = false;
  std::map<std::string, std::string> environment;  ///< variables that a run looks at
};

/// Throws Error{InvalidInput} for what cannot be asked for.
BatchJob batch_job_of(const CliOptions& options, const Profile& profile, const std::vector<JobSpec>& specs,
                      const SubmitSurroundings& here);

/// The nodes that the job will have, for planning what one of its works does there.
SlotInventory inventory_of(const BatchJob& job, const Profile& profile);

/// What the person may want to know: what only the site's defaults decide, and films that need longer than
/// the time limit. `predicted_s`: of the longest work.
std::vector<std::string> advice_on(const BatchJob& job, const Profile& profile, double predicted_s);

}  // namespace longtake
