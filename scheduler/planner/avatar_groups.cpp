#include "scheduler/planner/avatar_groups.h"

#include <algorithm>
#include <optional>

#include "scheduler/planner/layout_choice.h"

namespace longtake {
namespace {

int most_ranks_of_a_host(const SlotInventory& inventory) {
  std::size_t most = 0;
  for (const SlotInventory::Host& host : inventory.hosts) most = std::max(most, host.ranks.size());
  return static_cast<int>(most);
}

/// A group never spans hosts.
int groups_of(const SlotInventory& inventory, int ranks_per_group) {
  std::size_t groups = 0;
  for (const SlotInventory::Host& host : inventory.hosts) {
    groups += host.ranks.size() / static_cast<std::size_t>(ranks_per_group);
  }
  return static_cast<int>(groups);
}

std::int64_t chains_of(const std::vector<const JobInput*>& jobs, int groups) {
  const std::int64_t night_clips = clips_of(jobs);
  std::int64_t chains = 0;
  for (const JobInput* job : jobs) {
    chains += job->fixed_segments
                  ? static_cast<std::int64_t>(job->fixed_segments->size())
                  : range_count_for({job->spec.settings.continuity, static_cast<int>(jobs.size()), groups,
                                     job->clips, night_clips});
  }
  return chains;
}

/// No more groups than there are chains to work on: the others would be idle.
int groups_in_use(const std::vector<const JobInput*>& jobs, int groups) {
  for (;;) {
    const std::int64_t chains = chains_of(jobs, groups);
    if (chains >= groups) return groups;
    const int fewer = static_cast<int>(std::max<std::int64_t>(1, chains));
    if (fewer == groups) return groups;
    groups = fewer;
  }
}

/// What the most demanding job needs of a group of so many ranks; nullopt when one of them does not fit.
std::optional<LayoutNeed> largest_need(const Profile& profile, const std::vector<const JobInput*>& jobs,
                                       int ranks) {
  std::optional<LayoutNeed> largest;
  for (const JobInput* job : jobs) {
    auto choice = layout_that_fits(profile, demand_of(profile, *job), ranks);
    if (!choice) return std::nullopt;
    if (!largest || peak_bytes(choice->memory) > peak_bytes(largest->memory)) largest = std::move(choice);
  }
  return largest;
}

std::vector<GroupPlan> make_groups(const Profile& profile, const LayoutNeed& choice,
                                   const SlotInventory& inventory) {
  std::vector<GroupPlan> groups;
  const auto size = static_cast<std::size_t>(choice.layout.ranks());
  for (const SlotInventory::Host& host : inventory.hosts) {
    for (std::size_t first = 0; first + size <= host.ranks.size(); first += size) {
      GroupPlan group;
      group.group = GroupId{static_cast<std::int64_t>(groups.size())};
      group.ranks.assign(host.ranks.begin() + static_cast<std::ptrdiff_t>(first),
                         host.ranks.begin() + static_cast<std::ptrdiff_t>(first + size));
      group.host = host.name;
      group.layout = choice.layout;
      group.memory = choice.memory;
      group.capacity_bytes = engine_capacity_bytes(profile);
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

/// Sorts the jobs into those that fit a group of some size and those that do not. Returns the ranks that
/// the largest of them needs at least.
int sort_by_fit(const Profile& profile, const std::vector<const JobInput*>& avatars, int most_ranks,
                AvatarNight& night) {
  int ranks = 1;
  for (const JobInput* job : avatars) {
    const std::string name = "job " + job->spec.name + ": ";
    if (!job->model) {
      night.reasons.push_back(name +
                              "the sizes of its model are not known; give model: a checkpoint's folder");
      continue;
    }
    const AvatarDemand demand = demand_of(profile, *job);
    if (const auto reason = why_not_this_precision(profile, demand)) {
      night.reasons.push_back(name + *reason);
    } else if (const auto choice = smallest_that_fits(profile, demand, most_ranks)) {
      ranks = std::max(ranks, choice->layout.ranks());
      night.able.push_back(job);
    } else {
      night.reasons.push_back(name + why_nothing_fits(profile, demand, most_ranks));
    }
  }
  return ranks;
}

/// What the first job would need at best: shown beside the reason that it cannot run.
std::vector<GroupPlan> groups_that_do_not_fit(const Profile& profile,
                                              const std::vector<const JobInput*>& avatars,
                                              const SlotInventory& inventory) {
  for (const JobInput* job : avatars) {
    if (!job->model) continue;
    const AvatarDemand demand = demand_of(profile, *job);
    return make_groups(profile, leanest_layout(demand, most_ranks_of_a_host(inventory)), inventory);
  }
  return {};
}

}  // namespace

AvatarDemand demand_of(const Profile& profile, const JobInput& job) {
  AvatarDemand demand = demand_of(job.spec.settings, job.size, *job.model, profile.device);
  demand.ran_out_at_bytes = job.ran_out_at_bytes;
  return demand;
}

AvatarNight group_for_avatars(const Profile& profile, const std::vector<const JobInput*>& avatars,
                              const std::vector<const JobInput*>& others, const SlotInventory& inventory) {
  AvatarNight night;
  const int most_ranks = most_ranks_of_a_host(inventory);
  const int fewest_ranks = sort_by_fit(profile, avatars, most_ranks, night);
  if (night.able.empty()) {
    if (others.empty()) night.groups = groups_that_do_not_fit(profile, avatars, inventory);
    return night;
  }
  std::vector<const JobInput*> all = night.able;
  all.insert(all.end(), others.begin(), others.end());
  const int groups = groups_in_use(all, groups_of(inventory, fewest_ranks));
  std::optional<LayoutNeed> choice;
  for (int ranks = fewest_ranks; ranks <= most_ranks && groups_of(inventory, ranks) >= groups; ++ranks) {
    if (auto wider = largest_need(profile, night.able, ranks)) choice = std::move(wider);
  }
  if (choice) {
    night.groups = make_groups(profile, *choice, inventory);
    return night;
  }
  for (const JobInput* job : night.able) {
    night.reasons.push_back("job " + job->spec.name +
                            ": no group size suits all jobs of this night; run it alone");
  }
  night.able.clear();
  return night;
}

}  // namespace longtake
