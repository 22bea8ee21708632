#include "scheduler/simulation/simulated_cluster.h"

#include <algorithm>
#include <cmath>

#include "scheduler/simulation/random_draw.h"

namespace longtake {
namespace {

/// A rank that was not heard for so long says that it is alive: just before it would be given up.
constexpr std::int64_t kHeartbeatAtLatest_ms = kRankSilence_ms - kHeartbeatEvery_ms;
/// From the order to stop until an engine is at the end of its block.
constexpr std::int64_t kStop_ms = 1000;
/// From an engine's start until it says that its GPU does not answer.
constexpr std::int64_t kFailedStart_ms = 10'000;

std::int64_t milliseconds(double seconds) { return std::llround(seconds * 1000); }

}  // namespace

SimulatedCluster::SimulatedCluster(const SlotInventory& inventory, ClusterPace pace, std::uint64_t seed,
                                   NightEvents& events)
    : inventory_(inventory),
      pace_(pace),
      seed_(seed),
      events_(events),
      host_out_until_ms_(inventory.hosts.size(), 0) {
  for (std::size_t h = 0; h < inventory.hosts.size(); ++h) {
    const SlotInventory::Host& host = inventory.hosts[h];
    for (std::size_t local = 0; local < host.ranks.size(); ++local) {
      Rank one;
      one.host = h;
      one.hardware.rank = host.ranks[local];
      one.hardware.host = host.name;
      one.hardware.local_index = static_cast<int>(local);
      one.hardware.cpu_slots = host.cpu_slots;
      one.hardware.gpus = host.gpus;
      ranks_.push_back(std::move(one));
    }
  }
}

SlotInventory SimulatedCluster::inventory(std::int64_t now_ms) const {
  SlotInventory there;
  for (std::size_t h = 0; h < inventory_.hosts.size(); ++h) {
    if (host_out_until_ms_[h] <= now_ms) there.hosts.push_back(inventory_.hosts[h]);
  }
  return there;
}

void SimulatedCluster::begin_run(Epoch epoch, const RunStart& start, std::int64_t now_ms) {
  epoch_ = epoch;
  attempts_.clear();
  paces_.clear();
  ranks_of_run_.clear();
  for (std::size_t j = 0; j < start.jobs.size(); ++j) paces_[start.jobs[j].stored.name] = start.paces[j];
  for (Rank& each : ranks_) {
    each.is_in_run = host_out_until_ms_[each.host] <= now_ms;
    each.engine_ready_ms.reset();
    each.heard_ms = now_ms;
    each.attempt = {};
    if (each.is_in_run) ranks_of_run_.push_back(each.hardware);
  }
}

void SimulatedCluster::obey(const std::vector<Outgoing>& sends, std::int64_t now_ms) {
  for (const Outgoing& send : sends) {
    if (const auto* generate = std::get_if<GenerateSegment>(&send.message)) take(*generate, send.to, now_ms);
    if (const auto* cancel = std::get_if<CancelAttempt>(&send.message)) take(*cancel, send.to, now_ms);
    if (const auto* finish = std::get_if<FinishAttempt>(&send.message)) take(*finish, send.to, now_ms);
  }
}

/// The engines begin when the last of them has its order.
void SimulatedCluster::take(const GenerateSegment& order, RankId to, std::int64_t now_ms) {
  Attempt& attempt = attempts_[order.order.attempt];
  attempt.job = order.order.job;
  attempt.unfinished = order.order.unfinished;
  attempt.frames = order.order.frames.length();
  attempt.ranks.push_back(to);
  attempt.writer = to;
  rank(to).attempt = order.order.attempt;
  const std::size_t stages = std::max<std::size_t>(1, order.order.share.layout.stages.size());
  if (attempt.ranks.size() == stages) begin(order.order.attempt, now_ms);
}

void SimulatedCluster::take(const CancelAttempt& order, RankId to, std::int64_t now_ms) {
  Attempt* attempt = find(order.attempt, to);
  if (attempt == nullptr) return;
  attempt->is_stopping = true;
  events_.add(now_ms + kStop_ms, EngineStops{order.attempt, to});
}

/// An engine leaves what it has made for the next attempt, unless it has time to make the whole segment.
void SimulatedCluster::take(const FinishAttempt& order, RankId to, std::int64_t now_ms) {
  Attempt* attempt = find(order.attempt, to);
  if (attempt == nullptr || attempt->is_stopping || attempt->due_ms <= now_ms + order.within_ms) return;
  attempt->keeps_work = attempt->working_from_ms <= now_ms;
  take(CancelAttempt{order.attempt}, to, now_ms);
}

void SimulatedCluster::begin(AttemptId id, std::int64_t now_ms) {
  Attempt& attempt = attempts_.at(id);
  attempt.begun_ms = now_ms;
  attempt.working_from_ms = now_ms;
  bool can_start = true;
  for (const RankId each : attempt.ranks) {
    if (rank(each).broken_until_ms > now_ms) {
      can_start = false;
      events_.add(now_ms + kFailedStart_ms, StartFails{id, each});
      continue;
    }
    auto& ready_ms = rank(each).engine_ready_ms;
    if (!ready_ms) ready_ms = now_ms + milliseconds(pace_.load_s);
    attempt.working_from_ms = std::max(attempt.working_from_ms, *ready_ms);
  }
  if (!can_start) attempt.working_from_ms = now_ms + kFailedStart_ms;
  attempt.due_ms = attempt.working_from_ms + work_ms(id, attempt);
  if (can_start) events_.add(attempt.due_ms, SegmentDue{id});
}

/// What is still to be done of its segment; an attempt's luck is its own.
std::int64_t SimulatedCluster::work_ms(AttemptId id, const Attempt& attempt) const {
  const double luck = 2 * uniform_draw(seed_, static_cast<std::uint64_t>(id.value)) - 1;
  const double seconds = paces_.at(attempt.job).seconds_for(attempt.frames) * (1 + pace_.spread * luck);
  const auto done = unfinished_ms_.find(attempt.unfinished);
  const std::int64_t done_ms = done == unfinished_ms_.end() ? 0 : done->second;
  return std::max<std::int64_t>(1, milliseconds(seconds) - done_ms);
}

SimulatedCluster::Attempt* SimulatedCluster::find(AttemptId id, RankId who) {
  const auto it = attempts_.find(id);
  if (it == attempts_.end()) return nullptr;
  const auto& ranks = it->second.ranks;
  return std::find(ranks.begin(), ranks.end(), who) == ranks.end() ? nullptr : &it->second;
}

std::vector<RankMessage> SimulatedCluster::on(const SegmentDue& due, std::int64_t now_ms) {
  const auto it = attempts_.find(due.attempt);
  if (it == attempts_.end() || it->second.is_stopping) return {};
  const Attempt attempt = it->second;
  attempts_.erase(it);
  unfinished_ms_.erase(attempt.unfinished);
  std::vector<RankMessage> said;
  for (const RankId id : attempt.ranks) {
    account(attempt, GpuUse::Kept, now_ms);
    rank(id).attempt = {};
    const double seconds = static_cast<double>(now_ms - attempt.begun_ms) / 1000;
    if (id == attempt.ranks.back()) {
      AttemptFinished finished;
      finished.epoch = epoch_;
      finished.attempt = due.attempt;
      finished.rank = id;
      finished.facts.frames = attempt.frames;
      finished.seconds = seconds;
      finished.work.seconds["load"] = static_cast<double>(attempt.working_from_ms - attempt.begun_ms) / 1000;
      said.emplace_back(std::move(finished));
    } else {
      StageFinished stage;
      stage.epoch = epoch_;
      stage.attempt = due.attempt;
      stage.rank = id;
      stage.seconds = seconds;
      said.emplace_back(std::move(stage));
    }
  }
  return said;
}

std::vector<RankMessage> SimulatedCluster::on(const StartFails& start, std::int64_t now_ms) {
  if (find(start.attempt, start.rank) == nullptr) return {};
  AttemptFailed failed = leave_attempt(start.attempt, start.rank, now_ms);
  failed.message = "the GPU does not answer";
  failed.had_segment = false;
  return {std::move(failed)};
}

std::vector<RankMessage> SimulatedCluster::on(const EngineStops& stop, std::int64_t now_ms) {
  if (find(stop.attempt, stop.rank) == nullptr) return {};
  AttemptFailed failed = leave_attempt(stop.attempt, stop.rank, now_ms);
  failed.message = "given up as ordered";
  failed.cancelled = true;
  return {std::move(failed)};
}

std::vector<RankAlive> SimulatedCluster::heartbeats(std::int64_t now_ms) {
  std::vector<RankAlive> alive;
  for (Rank& each : ranks_) {
    if (!each.is_in_run || now_ms - each.heard_ms < kHeartbeatAtLatest_ms) continue;
    each.heard_ms = now_ms;
    alive.push_back({each.hardware.rank, 0, each.attempt});
  }
  return alive;
}

bool SimulatedCluster::break_gpu(std::size_t index, std::int64_t now_ms, std::vector<RankMessage>& said) {
  Rank& broken = ranks_[index];
  if (host_out_until_ms_[broken.host] > now_ms || broken.broken_until_ms > now_ms) return false;
  broken.broken_until_ms = now_ms + milliseconds(pace_.repair_min * 60);
  broken.engine_ready_ms.reset();
  const AttemptId id = broken.attempt;
  Attempt* attempt = find(id, broken.hardware.rank);
  if (attempt == nullptr) return true;
  attempt->is_stopping = true;
  attempt->keeps_work = false;
  // The engines of a group live and die together.
  for (const RankId other : attempt->ranks) rank(other).engine_ready_ms.reset();
  const bool had_segment = attempt->working_from_ms <= now_ms;
  AttemptFailed failed = leave_attempt(id, broken.hardware.rank, now_ms);
  failed.message = "the GPU does not answer any more";
  failed.had_segment = had_segment;
  said.emplace_back(std::move(failed));
  return true;
}

bool SimulatedCluster::lose_node(std::size_t host, std::int64_t now_ms, std::vector<RankAlive>& last_heard) {
  if (host_out_until_ms_[host] > now_ms) return false;
  host_out_until_ms_[host] = now_ms + milliseconds(pace_.repair_min * 60);
  for (Rank& each : ranks_) {
    if (each.host != host || !each.is_in_run) continue;
    last_heard.push_back({each.hardware.rank, 0, each.attempt});
    each.is_in_run = false;
    const AttemptId id = each.attempt;
    if (Attempt* attempt = find(id, each.hardware.rank)) {
      attempt->is_stopping = true;
      attempt->keeps_work = false;
      leave_attempt(id, each.hardware.rank, now_ms);
    }
  }
  return true;
}

/// The rank is free again. Returns its answer, as far as that is always the same.
AttemptFailed SimulatedCluster::leave_attempt(AttemptId id, RankId who, std::int64_t now_ms) {
  Attempt& attempt = attempts_.at(id);
  account(attempt, attempt.keeps_work ? GpuUse::Kept : GpuUse::Lost, now_ms);
  if (attempt.keeps_work && who == attempt.writer) {
    unfinished_ms_[attempt.unfinished] += now_ms - attempt.working_from_ms;
  }
  attempt.ranks.erase(std::find(attempt.ranks.begin(), attempt.ranks.end(), who));
  if (attempt.ranks.empty()) attempts_.erase(id);
  if (rank(who).attempt == id) rank(who).attempt = {};  // it may have the next order already
  AttemptFailed failed;
  failed.epoch = epoch_;
  failed.attempt = id;
  failed.rank = who;
  failed.kind = ErrorKind::DeviceLost;
  return failed;
}

/// One rank's time since the attempt's beginning.
void SimulatedCluster::account(const Attempt& attempt, GpuUse work, std::int64_t now_ms) {
  usage_.add(GpuUse::Loading, attempt.begun_ms, std::min(attempt.working_from_ms, now_ms));
  usage_.add(work, attempt.working_from_ms, now_ms);
}

}  // namespace longtake
