#pragma once

#include <vector>

#include "scheduler/planner/plan.h"
#include "scheduler/prepare.h"

namespace longtake {

/// Reads the inputs of the jobs whole, without writing a file; shows on a terminal what is being read.
/// Throws ProblemsFound with every problem of every job.
std::vector<InspectedJob> inspect_jobs(const std::vector<JobSpec>& specs);

/// What the planner needs to know of it. Reads the checkpoint's own config.
JobInput input_of(const InspectedJob& job);

}  // namespace longtake
