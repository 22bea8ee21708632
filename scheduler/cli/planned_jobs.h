#pragma once

#include <vector>

#include "rank/hardware.h"
#include "scheduler/cli/options.h"
#include "scheduler/planner/plan.h"

namespace longtake {

/// Job files read and planned, nothing written.
struct PlannedJobs {
  Profile profile;
  std::vector<JobInput> inputs;
  Plan plan;
};

/// For this machine with a rank for each slot; with a named profile, for the machine that it describes.
/// Throws as reading jobs and profiles does.
PlannedJobs plan_jobs(const CliOptions& options, const RankHardware& here);

}  // namespace longtake
