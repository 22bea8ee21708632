#include "scheduler/planner/shortages.h"

#include <algorithm>

namespace longtake {

Plan plan_around_shortages(const Profile& profile, std::vector<JobInput>& jobs,
                           const SlotInventory& inventory) {
  Plan plan = make_plan(profile, jobs, inventory);
  const bool has_shortages = std::any_of(
      jobs.begin(), jobs.end(), [](const JobInput& job) { return job.ran_out_at_bytes.has_value(); });
  if (plan.fits() || !has_shortages) return plan;
  for (JobInput& job : jobs) job.ran_out_at_bytes.reset();
  return make_plan(profile, jobs, inventory);
}

}  // namespace longtake
