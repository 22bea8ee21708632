#pragma once

#include <vector>

#include "scheduler/planner/plan.h"

namespace longtake {

/// make_plan without the layouts for which some of `jobs` had too little memory in earlier runs. When nothing
/// else fits these facts are taken out of `jobs` and do not count: what was in the way then may be gone.
Plan plan_around_shortages(const Profile& profile, std::vector<JobInput>& jobs,
                           const SlotInventory& inventory);

}  // namespace longtake
