#include "scheduler/cli/planned_jobs.h"

#include "scheduler/cli/configs.h"
#include "scheduler/cli/engines.h"
#include "scheduler/cli/inspected_jobs.h"
#include "scheduler/cli/slots.h"

namespace longtake {
namespace {

SlotInventory inventory_for(const CliOptions& options, const Profile& profile, const RankHardware& here) {
  SlotInventory inventory = inventory_of_profile(profile);
  SlotInventory::Host& host = inventory.hosts.front();
  if (options.profile.empty()) host = {here.host, here.cpu_slots, here.gpus, {}};
  const int ranks = options.ranks ? *options.ranks : slots_for(options, profile.device, here);
  if (!options.ranks && !options.profile.empty()) return inventory;
  host.ranks.clear();
  for (int rank = 0; rank < ranks; ++rank) host.ranks.push_back(RankId{rank});
  return inventory;
}

}  // namespace

PlannedJobs plan_jobs(const CliOptions& options, const RankHardware& here) {
  PlannedJobs planned{load_profile_of(options, here.gpus), {}, {}};
  require_models(load_jobs_of(options));
  for (const InspectedJob& job : inspect_jobs(load_jobs_of(options))) planned.inputs.push_back(input_of(job));
  planned.plan = make_plan(planned.profile, planned.inputs, inventory_for(options, planned.profile, here));
  return planned;
}

}  // namespace longtake
