#include "scheduler/core.h"

#include <algorithm>

namespace longtake {
namespace {

constexpr std::size_t kRecentEvents = 20;

std::string clips_text(Interval clips) {
  return "clips " + std::to_string(clips.begin) + ":" + std::to_string(clips.end);
}

std::string device_of(const RankHardware& hardware) {
  if (hardware.gpus.empty()) return "cpu";
  const auto index = static_cast<std::size_t>(hardware.local_index) % hardware.gpus.size();
  return hardware.gpus[index].name;
}

}  // namespace

SchedulerCore::SchedulerCore(Epoch epoch, const WorkDir& work_dir, std::vector<RunJob> jobs,
                             std::vector<RunGroup> groups, AttemptId next_attempt, CoreLimits limits)
    : epoch_(epoch), work_dir_(work_dir), limits_(limits), next_attempt_(next_attempt) {
  for (RunJob& job : jobs) {
    job_index_[job.stored.id] = jobs_.size();
    Job state;
    state.stored = std::move(job.stored);
    state.order = std::move(job.order);
    state.priority = job.priority;
    jobs_.push_back(std::move(state));
  }
  for (std::size_t j = 0; j < jobs_.size(); ++j) add_ranges(j);
  for (RunGroup& group : groups) {
    for (const RankId rank : group.ranks) ranks_[rank].group = groups_.size();
    Group state;
    state.plan = std::move(group);
    groups_.push_back(std::move(state));
  }
}

void SchedulerCore::add_ranges(std::size_t job_index) {
  Job& job = jobs_[job_index];
  for (std::size_t r = 0; r < job.stored.ranges.size(); ++r) {
    const auto& segments = job.stored.ranges[r].segments;
    Range range;
    range.job = job_index;
    range.index = r;
    for (const StoredSegment& segment : segments) {
      if (segment.state == SegmentState::Finished) {
        job.clips_done += segment.clips.length();
        job.frames_done += segment.facts->frames;
      } else {
        ++job.segments_left;
        range.clips_left += segment.clips.length();
      }
    }
    skip_finished(range);
    ranges_.push_back(range);
  }
}

void SchedulerCore::skip_finished(Range& range) const {
  const auto& segments = jobs_[range.job].stored.ranges[range.index].segments;
  while (range.next < segments.size() && segments[range.next].state == SegmentState::Finished) ++range.next;
}

Actions SchedulerCore::on_started(std::int64_t now_ms) {
  Actions actions;
  started_ms_ = now_ms;
  for (auto& [id, rank] : ranks_) rank.last_seen_ms = now_ms;
  note("run", "",
       "run " + std::to_string(epoch_.value) + " started with " + std::to_string(ranks_.size()) +
           (ranks_.size() == 1 ? " rank" : " ranks"),
       now_ms, actions);
  for (std::size_t r = 0; r < ranges_.size(); ++r) {
    if (!is_final(jobs_[ranges_[r].job].stored.state)) make_ready(r);
  }
  for (std::size_t j = 0; j < jobs_.size(); ++j) join_when_complete(j, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_rank_joined(const RankHardware& hardware, std::int64_t now_ms) {
  Actions actions;
  const auto it = ranks_.find(hardware.rank);
  if (it == ranks_.end()) {
    actions.sends.push_back({hardware.rank, LeaveRun{}});
    return actions;
  }
  // A rank that joins is idle: whatever it was doing before is over.
  Group& group = groups_[it->second.group];
  if (group.attempt.is_set() && it->second.state == RankState::Joined) {
    group.joined.erase(hardware.rank);
    tell_to_cancel(group, actions);
    end_attempt(group.attempt, AttemptState::Lost, ErrorKind::DeviceLost, "its rank started over", now_ms,
                actions);
  }
  it->second.state = RankState::Joined;
  it->second.was_seen = true;
  it->second.last_seen_ms = now_ms;
  it->second.hardware = hardware;
  group.joined.insert(hardware.rank);
  refresh_idle(it->second.group);
  const RankState state = group.is_blocked ? RankState::Blocked : RankState::Joined;
  actions.changes.push_back(
      RankMoved{hardware.rank, state, hardware.host, hardware.pid, device_of(hardware), "", now_ms});
  actions.sends.push_back({hardware.rank, SchedulerAlive{epoch_}});
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_rank_alive(RankId id, std::int64_t now_ms) {
  Actions actions;
  const auto it = ranks_.find(id);
  if (it == ranks_.end()) return actions;
  if (it->second.state != RankState::Joined) {
    actions.sends.push_back({id, Rejoin{}});
    return actions;
  }
  it->second.last_seen_ms = now_ms;
  actions.sends.push_back({id, SchedulerAlive{epoch_}});
  return actions;
}

Actions SchedulerCore::on_rank_left(RankId id, const std::string& reason, std::int64_t now_ms) {
  Actions actions;
  if (ranks_.count(id) == 0) return actions;
  lose_rank(id, RankState::Left, reason, now_ms, actions);
  return settle(now_ms, std::move(actions));
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
  actions.changes.push_back(
      RankMoved{id, to, rank.hardware.host, rank.hardware.pid, device_of(rank.hardware), reason, now_ms});
  note("rank", "", text, now_ms, actions);
  if (!group.attempt.is_set()) return;
  tell_to_cancel(group, actions);
  end_attempt(group.attempt, AttemptState::Lost, ErrorKind::DeviceLost, text, now_ms, actions);
}

Actions SchedulerCore::on_attempt_progressed(const AttemptProgressed& report, std::int64_t now_ms) {
  Attempt* attempt = find_running(report.epoch, report.attempt, report.rank);
  if (attempt == nullptr || report.frames <= attempt->frames) return {};
  Job& job = jobs_[ranges_[attempt->range].job];
  const std::int64_t made = report.frames - attempt->frames;
  attempt->frames = report.frames;
  job.frames_running += made;
  job.rate.add(made, now_ms);
  rate_.add(made, now_ms);
  return {};
}

Actions SchedulerCore::on_attempt_finished(const AttemptFinished& report, std::int64_t now_ms) {
  Attempt* found = find_running(report.epoch, report.attempt, report.rank);
  if (found == nullptr || groups_[found->group].plan.ranks.back() != report.rank) return {};
  const AttemptProgressed rest{report.epoch, report.attempt, report.rank, report.facts.frames};
  on_attempt_progressed(rest, now_ms);
  const Attempt attempt = *found;
  Actions actions;
  Range& range = ranges_[attempt.range];
  Job& job = jobs_[range.job];
  StoredSegment& segment = segment_at(range);
  finish_attempt(report.attempt, attempt);
  segment.state = SegmentState::Finished;
  segment.facts = report.facts;
  job.clips_done += segment.clips.length();
  job.frames_done += report.facts.frames;
  --job.segments_left;
  actions.changes.push_back(
      AttemptSucceeded{report.attempt, segment.id, report.facts, report.seconds, report.peak_bytes, now_ms});
  range.clips_left -= segment.clips.length();
  skip_finished(range);
  range.failures = 0;
  range.last_failed_on = {};
  groups_[attempt.group].failed.clear();
  if (!is_final(job.stored.state)) make_ready(attempt.range);
  join_when_complete(range.job, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_attempt_failed(const AttemptFailed& report, std::int64_t now_ms) {
  const Attempt* found = find_running(report.epoch, report.attempt, report.rank);
  if (found == nullptr) return {};
  const Attempt attempt = *found;
  Actions actions;
  for (const RankId other : groups_[attempt.group].joined) {
    if (other != report.rank) actions.sends.push_back({other, CancelAttempt{report.attempt}});
  }
  const bool is_cancelled = report.cancelled || attempt.is_cancelled;
  end_attempt(report.attempt, is_cancelled ? AttemptState::Cancelled : AttemptState::Failed, report.kind,
              report.message, now_ms, actions);
  if (!is_cancelled) charge(attempt, report, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

void SchedulerCore::charge(const Attempt& attempt, const AttemptFailed& report, std::int64_t now_ms,
                           Actions& actions) {
  Range& range = ranges_[attempt.range];
  const StoredSegment& segment = segment_at(range);
  const std::string where = clips_text(segment.clips);
  const std::string& name = jobs_[range.job].stored.name;
  note("attempt", name,
       where + " failed on rank " + std::to_string(report.rank.value) + ": " + report.message, now_ms,
       actions);
  switch (report.kind) {
    case ErrorKind::InvalidInput:
    case ErrorKind::OutOfMemory:
    case ErrorKind::Bug:
      fail_job(range.job, report.kind, where + ": " + report.message, now_ms, actions);
      return;
    case ErrorKind::DiskFull: {
      Actions paused = on_disk_full(report.message, now_ms);
      actions.changes.insert(actions.changes.end(), paused.changes.begin(), paused.changes.end());
      return;
    }
    case ErrorKind::Io:
    case ErrorKind::DeviceLost:
      break;
  }
  ++range.failures;
  range.last_failed_on = groups_[attempt.group].plan.id;
  charge_group(attempt.group, segment.id, report.message, now_ms, actions);
  if (range.failures >= limits_.tries_per_segment) {
    fail_job(
        range.job, report.kind,
        where + " failed " + std::to_string(range.failures) + " times, the last time with: " + report.message,
        now_ms, actions);
    return;
  }
  if (report.kind != ErrorKind::Io) return;
  make_unready(attempt.range);
  paused_ranges_.emplace(now_ms + limits_.io_pause_ms, attempt.range);
}

void SchedulerCore::charge_group(std::size_t index, SegmentId segment, const std::string& message,
                                 std::int64_t now_ms, Actions& actions) {
  Group& group = groups_[index];
  group.failed.insert(segment);
  if (group.failed.size() < static_cast<std::size_t>(limits_.failures_per_group)) return;
  group.is_blocked = true;
  refresh_idle(index);
  for (const RankId rank : group.plan.ranks) {
    const RankHardware& hardware = ranks_.at(rank).hardware;
    actions.changes.push_back(RankMoved{rank, RankState::Blocked, hardware.host, hardware.pid,
                                        device_of(hardware), message, now_ms});
  }
  note("rank", "",
       "group " + std::to_string(group.plan.id.value) + " on " + group.plan.host + " failed " +
           std::to_string(group.failed.size()) + " segments in a row and is not used any more in this run",
       now_ms, actions);
}

SchedulerCore::Attempt* SchedulerCore::find_running(Epoch epoch, AttemptId id, RankId rank) {
  if (epoch != epoch_) return nullptr;
  const auto it = running_.find(id);
  if (it == running_.end()) return nullptr;
  const auto& ranks = groups_[it->second.group].plan.ranks;
  return std::find(ranks.begin(), ranks.end(), rank) == ranks.end() ? nullptr : &it->second;
}

/// Takes the attempt out of the running ones; its group is idle again.
void SchedulerCore::finish_attempt(AttemptId id, Attempt attempt) {
  jobs_[ranges_[attempt.range].job].frames_running -= attempt.frames;
  running_.erase(id);
  groups_[attempt.group].attempt = {};
  refresh_idle(attempt.group);
}

void SchedulerCore::end_attempt(AttemptId id, AttemptState to, ErrorKind kind, const std::string& message,
                                std::int64_t now_ms, Actions& actions) {
  const Attempt attempt = running_.at(id);
  Range& range = ranges_[attempt.range];
  finish_attempt(id, attempt);
  StoredSegment& segment = segment_at(range);
  segment.state = SegmentState::Pending;
  actions.changes.push_back(AttemptEnded{id, segment.id, to, kind, message, now_ms});
  if (!is_final(jobs_[range.job].stored.state)) make_ready(attempt.range);
}

void SchedulerCore::cancel(Attempt& attempt, Actions& actions) {
  if (attempt.is_cancelled) return;
  attempt.is_cancelled = true;
  tell_to_cancel(groups_[attempt.group], actions);
}

void SchedulerCore::tell_to_cancel(const Group& group, Actions& actions) {
  for (const RankId rank : group.joined) actions.sends.push_back({rank, CancelAttempt{group.attempt}});
}

Actions SchedulerCore::on_disk_full(const std::string& what, std::int64_t now_ms) {
  Actions actions;
  if (is_waiting_for_disk()) return actions;
  disk_full_since_ms_ = now_ms;
  disk_full_what_ = what;
  note("disk", "", "the disk is full, nothing new is started until there is room: " + what, now_ms, actions);
  return actions;
}

Actions SchedulerCore::on_disk_has_room(std::int64_t now_ms) {
  Actions actions;
  if (!is_waiting_for_disk()) return actions;
  disk_full_since_ms_ = -1;
  note("disk", "", "the disk has room again, going on", now_ms, actions);
  retry_joins(now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_drain(const std::string& by, std::int64_t now_ms) {
  Actions actions;
  if (drain_since_ms_ >= 0) return actions;
  drain_since_ms_ = now_ms;
  drained_by_ = by;
  note("drain", "", "draining (" + by + "): nothing new is started", now_ms, actions);
  for (auto& [id, attempt] : running_) cancel(attempt, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_tick(std::int64_t now_ms) {
  Actions actions;
  for (auto& [id, rank] : ranks_) {
    // A rank that never came gets as long as a slow start needs.
    const std::int64_t patience_ms = rank.was_seen ? kRankSilence_ms : 10 * kRankSilence_ms;
    const bool is_watched = rank.state == RankState::Joined || !rank.was_seen;
    if (!is_watched || now_ms - rank.last_seen_ms <= patience_ms) continue;
    lose_rank(id, RankState::Lost,
              "nothing heard for " + std::to_string((now_ms - rank.last_seen_ms) / 1000) + " s", now_ms,
              actions);
  }
  while (!paused_ranges_.empty() && paused_ranges_.begin()->first <= now_ms) {
    const std::size_t range = paused_ranges_.begin()->second;
    paused_ranges_.erase(paused_ranges_.begin());
    if (!is_final(jobs_[ranges_[range].job].stored.state)) make_ready(range);
  }
  if (is_waiting_for_disk() && drain_since_ms_ < 0 &&
      now_ms - disk_full_since_ms_ > limits_.disk_full_patience_ms) {
    Actions drained = on_drain("the disk stayed full: " + disk_full_what_, now_ms);
    drained.changes.insert(drained.changes.begin(), actions.changes.begin(), actions.changes.end());
    drained.sends.insert(drained.sends.begin(), actions.sends.begin(), actions.sends.end());
    return drained;
  }
  return settle(now_ms, std::move(actions));
}

/// The common end of every handler that may have freed a group or finished a job.
Actions SchedulerCore::settle(std::int64_t now_ms, Actions actions) {
  assign(now_ms, actions);
  end_when_over(now_ms, actions);
  return actions;
}

std::size_t SchedulerCore::index_of(JobId id) const {
  const auto it = job_index_.find(id);
  if (it == job_index_.end()) throw Error(ErrorKind::Bug, "no job with id " + std::to_string(id.value));
  return it->second;
}

const StoredJob& SchedulerCore::job(JobId id) const { return jobs_[index_of(id)].stored; }

StoredSegment& SchedulerCore::segment_at(const Range& range) {
  return jobs_[range.job].stored.ranges[range.index].segments[range.next];
}

void SchedulerCore::note(const std::string& kind, const std::string& job, const std::string& text,
                         std::int64_t now_ms, Actions& actions) {
  actions.changes.push_back(EventNoted{kind, job, text, now_ms});
  recent_events_.push_back({utc_text(now_ms), kind, job, text});
  if (recent_events_.size() > kRecentEvents) recent_events_.pop_front();
}

}  // namespace longtake
