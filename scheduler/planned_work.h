#pragma once

#include <vector>

#include "scheduler/core.h"
#include "scheduler/planner/plan.h"

/// From a plan to what the core and the database hold of it, and back: the same for a run and for a simulated
/// one.
namespace longtake {

/// The job's ranges with pending segments that have no ids yet.
std::vector<StoredRange> ranges_of(const JobPlan& plan);

/// How a job that was begun is cut: it stays so, whatever is planned around it.
SegmentsByRange segments_of(const StoredJob& job);

std::vector<RunGroup> groups_of(const Plan& plan);

/// Throws Error{InvalidInput} with the plan's reasons when something cannot run.
void refuse_what_cannot_run(const Plan& plan);

}  // namespace longtake
