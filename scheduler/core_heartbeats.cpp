// SchedulerCore, the part about what heartbeats tell beyond that a rank is alive.
#include <utility>

#include "scheduler/core.h"

namespace longtake {
namespace {

/// Five seconds of heartbeats: longer than any order is on its way.
constexpr int kMostDisagreements = 10;

}  // namespace

/// What the rank should be making; not set: nothing.
AttemptId SchedulerCore::attempt_wanted_of(RankId id, const Rank& rank) const {
  const AttemptId attempt = groups_[rank.group].attempt;
  if (!attempt.is_set()) return {};
  return running_.at(attempt).at_work.count(id) == 1 ? attempt : AttemptId{};
}

/// A connection that breaks for less than kRankSilence_ms takes messages with it, and nothing else tells. An
/// order on its way makes the two sides differ too, but not for long.
void SchedulerCore::compare_attempts(RankId id, Rank& rank, AttemptId held, std::int64_t now_ms,
                                     Actions& actions) {
  const AttemptId wanted = attempt_wanted_of(id, rank);
  // Orders wait to be saved before they are sent: no rank is deaf to what nobody told it.
  if (held == wanted || is_waiting_for_disk() || are_orders_held_) {
    rank.disagreements = 0;
    return;
  }
  // Heartbeats that waited while the scheduler did count once.
  if (rank.disagreements > 0 && now_ms - rank.disagreed_ms < kHeartbeatEvery_ms / 2) return;
  rank.disagreed_ms = now_ms;
  if (++rank.disagreements < kMostDisagreements) return;
  if (held.is_set()) actions.sends.push_back({id, CancelAttempt{held}});
  if (wanted.is_set()) deaf_ranks_.insert(id);
}

/// Apart from the heartbeats, because it is to be saved before anyone is told.
void SchedulerCore::give_again_what_was_not_heard(std::int64_t now_ms, Actions& actions) {
  for (const RankId id : std::exchange(deaf_ranks_, {})) {
    Rank& rank = ranks_.at(id);
    const AttemptId attempt = attempt_wanted_of(id, rank);
    if (!attempt.is_set() || rank.disagreements < kMostDisagreements) continue;
    rank.disagreements = 0;
    const std::string why =
        "rank " + std::to_string(id.value) + " does not have it: a message was lost on the way";
    const AttemptSubject subject = *subject_of(epoch_, attempt);
    note("attempt", job(subject.job).name, "clips " + text_of(subject.clips) + " are given again: " + why,
         now_ms, actions);
    lose_attempt(rank.group, why, now_ms, actions);
  }
}

void SchedulerCore::on_paused(std::int64_t pause_ms) {
  for (auto& [id, rank] : ranks_) rank.last_seen_ms += pause_ms;
}

}  // namespace longtake
