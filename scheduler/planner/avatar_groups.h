#pragma once

#include <string>
#include <vector>

#include "scheduler/planner/avatar_cost.h"
#include "scheduler/planner/plan.h"
#include "scheduler/planner/profile.h"

namespace longtake {

/// How the ranks of a night work together when some of its jobs are the model's.
struct AvatarNight {
  std::vector<GroupPlan> groups;      ///< empty when no job can run
  std::vector<const JobInput*> able;  ///< those that fit every group, in the order given
  std::vector<std::string> reasons;   ///< why the others cannot run
};

/// `job` is one of the Live Avatar engine whose model is known.
AvatarDemand demand_of(const Profile& profile, const JobInput& job);

/// Groups for `avatars`, jobs of the Live Avatar engine. All groups are of one size: the smallest in which
/// each job that can run at all fits. They are larger when fewer chains than groups are there, so that no
/// rank is idle; `others` are the night's jobs of other engines, whose chains count too.
AvatarNight group_for_avatars(const Profile& profile, const std::vector<const JobInput*>& avatars,
                              const std::vector<const JobInput*>& others, const SlotInventory& inventory);

}  // namespace longtake
