// SchedulerCore, the part about groups of another size than was planned: larger ones for more memory
// (core_memory.cpp), smaller ones of the ranks that are left. The film is the same in every layout
// (docs/decisions/0019-groups-speak-over-sockets.md).
#include <algorithm>
#include <iterator>

#include "scheduler/core.h"

namespace longtake {
namespace {

std::string names_of(const std::vector<RankId>& ranks) {
  std::string text;
  for (const RankId rank : ranks) text += (text.empty() ? "" : ", ") + std::to_string(rank.value);
  return text;
}

}  // namespace

/// Of the shares for at most so many ranks the one for most; ranks that are left over do nothing.
const JobShare* SchedulerCore::share_of_ranks(const Job& job, std::size_t ranks) {
  const auto next = job.shares.upper_bound(static_cast<int>(ranks));
  if (next == job.shares.begin()) return nullptr;
  const auto& [sharing, share] = *std::prev(next);
  return sharing < job.least_ranks ? nullptr : &share;
}

const JobShare& SchedulerCore::share_of(JobId id) const { return *jobs_[index_of(id)].share; }

/// Whether a group of so many ranks can make something of what is left.
bool SchedulerCore::is_of_use(std::size_t ranks) const {
  return std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& job) {
    return !is_final(job.stored.state) && share_of_ranks(job, ranks) != nullptr;
  });
}

bool SchedulerCore::has_group_for(const Job& job) const {
  const auto will_do = [&](const Group& group) {
    return group.is_usable() && share_in(job, group) != nullptr;
  };
  const auto makes_one = [&](const std::vector<std::size_t>& merge) {
    std::size_t ranks = 0;
    for (const std::size_t group : merge) ranks += groups_[group].plan.ranks.size();
    return share_of_ranks(job, ranks) != nullptr;
  };
  return std::any_of(groups_.begin(), groups_.end(), will_do) ||
         std::any_of(merges_.begin(), merges_.end(), makes_one);
}

/// Groups of one host that have `ranks` ranks together get nothing new until they are one. False when no
/// host has so many.
bool SchedulerCore::hold_groups_for(int ranks, std::int64_t now_ms) {
  for (const auto& [host, candidates] : groups_to_merge(now_ms)) {
    std::vector<std::size_t> merge;
    std::size_t gathered = 0;
    for (const std::vector<std::size_t>& together : candidates) {
      for (const std::size_t group : together) gathered += groups_[group].plan.ranks.size();
      merge.insert(merge.end(), together.begin(), together.end());
      if (gathered < static_cast<std::size_t>(ranks)) continue;
      if (merge.size() > 1) hold(merge);  // one that is large enough only has to be whole again
      return true;
    }
  }
  return false;
}

/// By host, in the order in which they are taken: groups that work, those that wait for a rank which may
/// come, and last what is about to become one group for another job and may as well become a larger one.
std::map<std::string, std::vector<std::vector<std::size_t>>> SchedulerCore::groups_to_merge(
    std::int64_t now_ms) const {
  const auto is_hopeless = [&](RankId id) { return is_beyond_hope(id, now_ms); };
  std::map<std::string, std::vector<std::vector<std::size_t>>> by_host;
  for (const bool is_wanted_whole : {true, false}) {
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const Group& group = groups_[g];
      const auto& ranks = group.plan.ranks;
      const bool is_out = group.is_held || group.is_blocked || ranks.empty();
      if (is_out || group.is_usable() != is_wanted_whole) continue;
      if (std::any_of(ranks.begin(), ranks.end(), is_hopeless)) continue;
      by_host[group.plan.host].push_back({g});
    }
  }
  for (const auto& merge : merges_) by_host[groups_[merge.front()].plan.host].push_back(merge);
  return by_host;
}

/// Instead of the merges that are part of this one.
void SchedulerCore::hold(const std::vector<std::size_t>& merge) {
  const auto is_part = [&](const std::vector<std::size_t>& other) {
    return std::find(merge.begin(), merge.end(), other.front()) != merge.end();
  };
  merges_.erase(std::remove_if(merges_.begin(), merges_.end(), is_part), merges_.end());
  for (const std::size_t group : merge) {
    groups_[group].is_held = true;
    refresh_idle(group);
  }
  merges_.push_back(merge);
}

/// Those that have come to rest.
void SchedulerCore::merge_held_groups(std::int64_t now_ms, Actions& actions) {
  for (auto merge = merges_.begin(); merge != merges_.end();) {
    const bool is_at_rest = std::none_of(merge->begin(), merge->end(),
                                         [&](std::size_t group) { return groups_[group].attempt.is_set(); });
    if (!is_at_rest) {
      ++merge;
      continue;
    }
    for (const std::size_t group : *merge) groups_[group].is_held = false;
    unite(*merge, now_ms, actions);
    merge = merges_.erase(merge);
  }
}

/// A rank that fell silent may come back until the time when it would have given us up itself.
bool SchedulerCore::is_beyond_hope(RankId id, std::int64_t now_ms) const {
  const Rank& rank = ranks_.at(id);
  if (!rank.was_seen || rank.state == RankState::Joined) return false;
  return rank.state != RankState::Lost || now_ms - rank.last_seen_ms > kSchedulerSilence_ms;
}

/// What mend_groups could not make whole and nobody will: the ranks that are left become smaller groups,
/// when the profile has a layout for them.
void SchedulerCore::regroup_survivors(std::int64_t now_ms, Actions& actions) {
  const std::set<std::size_t> broken = broken_;
  for (const std::size_t g : broken) {
    const Group& group = groups_[g];
    const bool is_over = group.is_usable() || group.is_blocked || group.plan.ranks.empty();
    if (is_over) broken_.erase(g);
    // It may have been dissolved together with one before it.
    if (broken_.count(g) == 0 || !lacks_only_lost_ranks(group, now_ms)) continue;
    const std::vector<std::size_t> together = groups_to_dissolve(group.plan.host, now_ms);
    std::size_t survivors = 0;
    for (const std::size_t one : together) survivors += groups_[one].joined.size();
    if (survivors > 0 && is_of_use(survivors)) {
      dissolve(together, now_ms, actions);
    } else {
      broken_.erase(g);
    }
  }
}

bool SchedulerCore::lacks_only_lost_ranks(const Group& group, std::int64_t now_ms) const {
  const auto& ranks = group.plan.ranks;
  return !group.is_held && std::all_of(ranks.begin(), ranks.end(), [&](RankId id) {
    return group.joined.count(id) == 1 || is_beyond_hope(id, now_ms);
  });
}

/// The groups of `host` that no rank can make whole any more.
std::vector<std::size_t> SchedulerCore::groups_to_dissolve(const std::string& host,
                                                           std::int64_t now_ms) const {
  std::vector<std::size_t> groups;
  for (const std::size_t g : broken_groups(host)) {
    if (lacks_only_lost_ranks(groups_[g], now_ms)) groups.push_back(g);
  }
  return groups;
}

/// Each lost rank becomes a group of its own, for the case that it comes back after all.
void SchedulerCore::dissolve(const std::vector<std::size_t>& broken, std::int64_t now_ms, Actions& actions) {
  std::vector<RankId> gone;
  for (const std::size_t g : broken) {
    for (const RankId rank : groups_[g].plan.ranks) {
      if (groups_[g].joined.count(rank) == 0) gone.push_back(rank);
    }
    groups_[g].plan.ranks.assign(groups_[g].joined.begin(), groups_[g].joined.end());
    broken_.erase(g);
  }
  const std::string host = groups_[broken.front()].plan.host;
  for (const RankId rank : gone) {
    ranks_.at(rank).group = groups_.size();
    Group alone;
    alone.plan = {GroupId{static_cast<std::int64_t>(groups_.size())}, {rank}, host};
    groups_.push_back(std::move(alone));
  }
  unite(broken, now_ms, actions);
}

/// The first of `groups` gets the ranks of all.
void SchedulerCore::unite(const std::vector<std::size_t>& groups, std::int64_t now_ms, Actions& actions) {
  Group& first = groups_[groups.front()];
  for (auto g = groups.begin() + 1; g != groups.end(); ++g) {
    Group& other = groups_[*g];
    for (const RankId rank : other.plan.ranks) ranks_.at(rank).group = groups.front();
    first.plan.ranks.insert(first.plan.ranks.end(), other.plan.ranks.begin(), other.plan.ranks.end());
    first.joined.insert(other.joined.begin(), other.joined.end());
    first.has_plain_transport |= other.has_plain_transport;
    other.plan.ranks.clear();
    other.joined.clear();
    refresh_idle(*g);
  }
  std::sort(first.plan.ranks.begin(), first.plan.ranks.end());
  first.lost_in_a_row = 0;
  refresh_idle(groups.front());
  if (!first.is_usable()) broken_.insert(groups.front());
  note("rank", "",
       "group " + std::to_string(first.plan.id.value) + " on " + first.plan.host + " goes on with rank" +
           (first.plan.ranks.size() == 1 ? " " : "s ") + names_of(first.plan.ranks),
       now_ms, actions);
}

}  // namespace longtake
