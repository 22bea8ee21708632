// SchedulerCore, the part about ranks that come and go, and what becomes of their groups.
#include <algorithm>
#include <tuple>

#include "scheduler/core.h"

namespace longtake {
namespace {

// A rank connects again within 0.2 s and then sends a heartbeat every 0.5 s.
constexpr std::int64_t kHangUpPatience_ms = 1200;

std::string device_of(const RankHardware& hardware) {
  const auto gpu = hardware.gpu_index();
  return gpu ? hardware.gpus[*gpu].name : "cpu";
}

}  // namespace

Actions SchedulerCore::on_rank_joined(const RankHardware& hardware, std::int64_t now_ms) {
  Actions actions;
  const auto it = ranks_.find(hardware.rank);
  if (it == ranks_.end()) {
    actions.sends.push_back({hardware.rank, LeaveRun{}});
    return actions;
  }
  // A rank that joins is idle: whatever it was doing before is over. It is told so too, because an order may
  // still be on its way to it: a rank that was asked twice to rejoin joins twice.
  Group& group = groups_[it->second.group];
  if (group.attempt.is_set() && it->second.state == RankState::Joined) {
    lose_attempt(it->second.group, "its rank started over", now_ms, actions);
  }
  it->second.state = RankState::Joined;
  it->second.was_seen = true;
  it->second.last_seen_ms = now_ms;
  it->second.hardware = hardware;
  group.joined.insert(hardware.rank);
  refresh_idle(it->second.group);
  const RankState state = group.is_blocked ? RankState::Blocked : RankState::Joined;
  mark_rank(hardware.rank, state, "", now_ms, actions);
  actions.sends.push_back({hardware.rank, SchedulerAlive{epoch_}});
  mend_groups(group.plan.host, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_rank_alive(const RankAlive& alive, std::int64_t now_ms) {
  Actions actions;
  const RankId id = alive.rank;
  const auto it = rank_by_id_.find(id);
  if (it == rank_by_id_.end()) return actions;
  Rank& rank = *it->second;
  if (rank.state != RankState::Joined) {
    actions.sends.push_back({id, Rejoin{}});
    return actions;
  }
  rank.last_seen_ms = now_ms;
  actions.sends.push_back({id, SchedulerAlive{epoch_}});
  compare_attempts(id, rank, alive.attempt, now_ms, actions);
  return actions;
}

Actions SchedulerCore::on_rank_left(RankId id, const std::string& reason, std::int64_t now_ms) {
  Actions actions;
  if (ranks_.count(id) == 0) return actions;
  lose_rank(id, RankState::Left, reason, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

void SchedulerCore::on_rank_hung_up(RankId id, std::int64_t now_ms) {
  const auto it = ranks_.find(id);
  if (it == ranks_.end()) return;
  it->second.hung_up_ms = now_ms;
  all_heard_until_ms_ = std::min(all_heard_until_ms_, now_ms + kHangUpPatience_ms);
}

/// A rank whose connection has ended and which has not come back with a heartbeat is not waited for long: its
/// process is most likely dead. What it had sent before may be heard a moment after its end.
std::int64_t SchedulerCore::silent_from_ms(const Rank& rank) {
  constexpr std::int64_t kMoment_ms = 150;
  // One that never came gets as long as a slow start needs.
  if (!rank.was_seen) return rank.last_seen_ms + 10 * kRankSilence_ms;
  const std::int64_t silent_ms = rank.last_seen_ms + kRankSilence_ms;
  const bool is_back = !rank.hung_up_ms || rank.last_seen_ms > *rank.hung_up_ms + kMoment_ms;
  return is_back ? silent_ms : std::min(silent_ms, *rank.hung_up_ms + kHangUpPatience_ms);
}

/// A tick comes many times a second, and with thousands of ranks it is not to look at each of them: a rank
/// that is heard can only put off the time when one may have been silent for too long.
void SchedulerCore::lose_silent_ranks(std::int64_t now_ms, Actions& actions) {
  if (now_ms <= all_heard_until_ms_) return;
  std::int64_t first_ms = now_ms + kRankSilence_ms;
  for (auto& [id, rank] : ranks_) {
    const std::int64_t silent_ms = silent_from_ms(rank);
    const bool is_watched = rank.state == RankState::Joined || !rank.was_seen;
    if (!is_watched) continue;
    if (now_ms <= silent_ms) {
      first_ms = std::min(first_ms, silent_ms);
      continue;
    }
    const std::int64_t silence_ms = now_ms - rank.last_seen_ms;
    const bool is_hang_up = rank.was_seen && silence_ms <= kRankSilence_ms;
    lose_rank(id, RankState::Lost,
              is_hang_up ? "its connection has ended and it does not come back"
                         : "nothing heard for " + std::to_string(silence_ms / 1000) + " s",
              now_ms, actions);
  }
  all_heard_until_ms_ = first_ms;
}

void SchedulerCore::lose_rank(RankId id, RankState to, const std::string& reason, std::int64_t now_ms,
                              Actions& actions) {
  Rank& rank = ranks_.at(id);
  if (rank.was_seen && rank.state != RankState::Joined) return;
  rank.state = to;
  rank.was_seen = true;
  Group& group = groups_[rank.group];
  group.joined.erase(id);
  refresh_idle(rank.group);
  const std::string text = "rank " + std::to_string(id.value) +
                           (rank.hardware.host.empty() ? "" : " on " + rank.hardware.host) +
                           " is gone: " + reason;
  if (group.plan.ranks.size() > 1) broken_.insert(rank.group);
  mark_rank(id, to, reason, now_ms, actions);
  note("rank", "", text, now_ms, actions);
  if (group.attempt.is_set()) lose_attempt(rank.group, text, now_ms, actions);
  mend_groups(group.plan.host, now_ms, actions);
}

/// When ranks of several groups of a host are lost, those that are left of one take the lost ones' places in
/// another, so that as many groups as possible can work. A rank that comes back finds itself where its last
/// substitute was.
void SchedulerCore::mend_groups(const std::string& host, std::int64_t now_ms, Actions& actions) {
  for (auto broken = broken_groups(host); broken.size() > 1; broken = broken_groups(host)) {
    Group& fullest = groups_[broken.front()];
    const std::vector<RankId> places = fullest.plan.ranks;
    std::vector<RankId> spares;
    for (auto donor = broken.rbegin(); donor + 1 != broken.rend(); ++donor) {
      spares.insert(spares.end(), groups_[*donor].joined.begin(), groups_[*donor].joined.end());
    }
    if (fullest.joined.size() + spares.size() < places.size()) return;
    auto spare = spares.begin();
    for (const RankId place : places) {
      if (fullest.joined.count(place) == 0) take_place(*spare++, place, now_ms, actions);
    }
  }
}

/// Groups of `host` that lack a rank which was there before; the one with most ranks first. A group whose
/// rank has not come yet only waits.
std::vector<std::size_t> SchedulerCore::broken_groups(const std::string& host) const {
  std::vector<std::size_t> broken;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const Group& group = groups_[g];
    if (group.plan.host != host) continue;
    const bool has_lost = std::any_of(group.plan.ranks.begin(), group.plan.ranks.end(), [&](RankId id) {
      const Rank& rank = ranks_.at(id);
      return rank.was_seen && rank.state != RankState::Joined;
    });
    if (has_lost && !group.is_blocked) broken.push_back(g);
  }
  std::stable_sort(broken.begin(), broken.end(), [&](std::size_t a, std::size_t b) {
    return groups_[a].joined.size() > groups_[b].joined.size();
  });
  return broken;
}

/// The two ranks change places in their groups.
void SchedulerCore::take_place(RankId spare, RankId lost, std::int64_t now_ms, Actions& actions) {
  const std::size_t to = ranks_.at(lost).group;
  const std::size_t from = ranks_.at(spare).group;
  for (const auto& [group, leaves, comes] : {std::tuple{to, lost, spare}, std::tuple{from, spare, lost}}) {
    auto& ranks = groups_[group].plan.ranks;
    std::replace(ranks.begin(), ranks.end(), leaves, comes);
    ranks_.at(comes).group = group;
  }
  groups_[from].joined.erase(spare);
  groups_[to].joined.insert(spare);
  refresh_idle(to);
  note("rank", "",
       "rank " + std::to_string(spare.value) + " takes the place of rank " + std::to_string(lost.value) +
           " in group " + std::to_string(groups_[to].plan.id.value),
       now_ms, actions);
}

void SchedulerCore::mark_rank(RankId id, RankState state, const std::string& message, std::int64_t now_ms,
                              Actions& actions) const {
  const RankHardware& hardware = ranks_.at(id).hardware;
  actions.changes.push_back(
      RankMoved{id, state, hardware.host, hardware.pid, device_of(hardware), message, now_ms});
}

}  // namespace longtake
