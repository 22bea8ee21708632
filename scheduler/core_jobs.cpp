// SchedulerCore, the part about whole jobs: their states, joining their films, and the status.
#include <algorithm>

#include "scheduler/core.h"

namespace longtake {

void SchedulerCore::move_job(std::size_t index, JobState to, const std::string& message, std::int64_t now_ms,
                             Actions& actions) {
  StoredJob& job = jobs_[index].stored;
  job.state = to;
  job.message = message;
  actions.changes.push_back(JobMoved{job.id, to, message, now_ms});
}

void SchedulerCore::fail_job(std::size_t index, ErrorKind kind, const std::string& message, std::int64_t now_ms,
                             Actions& actions) {
  if (is_final(jobs_[index].stored.state)) return;
  jobs_[index].failure = kind;
  move_job(index, JobState::Failed, message, now_ms, actions);
  note("job", jobs_[index].stored.name, "failed: " + message, now_ms, actions);
  for (std::size_t r = 0; r < ranges_.size(); ++r) {
    if (ranges_[r].job == index) make_unready(r);
  }
  for (auto& [id, attempt] : running_) {
    if (ranges_[attempt.range].job == index) cancel(id, attempt, actions);
  }
}

void SchedulerCore::join_when_complete(std::size_t index, std::int64_t now_ms, Actions& actions) {
  Job& job = jobs_[index];
  if (is_final(job.stored.state) || job.segments_left > 0 || job.is_joining) return;
  if (is_waiting_for_disk()) return;
  job.is_joining = true;
  ++job.joins_tried;
  move_job(index, JobState::Joining, "", now_ms, actions);
  actions.joins.push_back(job.stored.id);
}

void SchedulerCore::retry_joins(std::int64_t now_ms, Actions& actions) {
  for (std::size_t j = 0; j < jobs_.size(); ++j) join_when_complete(j, now_ms, actions);
}

Actions SchedulerCore::on_film_joined(JobId id, const std::string& summary, std::int64_t now_ms) {
  Actions actions;
  const std::size_t index = index_of(id);
  jobs_[index].is_joining = false;
  move_job(index, JobState::Done, "", now_ms, actions);
  note("job", jobs_[index].stored.name, summary, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_film_segment_bad(JobId id, std::size_t position, const std::string& why,
                                           std::int64_t now_ms) {
  Actions actions;
  const std::size_t index = index_of(id);
  Job& job = jobs_[index];
  job.is_joining = false;
  if (job.joins_tried >= limits_.joins_per_job) {
    fail_job(index, ErrorKind::Io, "the film could not be joined: " + why, now_ms, actions);
    return settle(now_ms, std::move(actions));
  }
  for (std::size_t r = 0; r < ranges_.size(); ++r) {
    const Range& range = ranges_[r];
    if (range.job != index) continue;
    const std::size_t segments = job.stored.ranges[range.index].segments.size();
    if (position >= segments) {
      position -= segments;
      continue;
    }
    reopen(r, position, actions);
    note("job", job.stored.name, "a segment is made again: " + why, now_ms, actions);
    break;
  }
  move_job(index, JobState::Running, "", now_ms, actions);
  return settle(now_ms, std::move(actions));
}

void SchedulerCore::reopen(std::size_t range_index, std::size_t position, Actions& actions) {
  Range& range = ranges_[range_index];
  Job& job = jobs_[range.job];
  StoredSegment& segment = job.stored.ranges[range.index].segments[position];
  make_unready(range_index);
  segment.state = SegmentState::Pending;
  job.clips_done -= segment.clips.length();
  job.frames_done -= segment.facts->frames;
  segment.facts.reset();
  ++job.segments_left;
  range.clips_left += segment.clips.length();
  range.next = std::min(range.next, position);
  actions.changes.push_back(SegmentReopened{segment.id});
  make_ready(range_index);
}

Actions SchedulerCore::on_film_failed(JobId id, ErrorKind kind, const std::string& message, std::int64_t now_ms) {
  Actions actions;
  const std::size_t index = index_of(id);
  Job& job = jobs_[index];
  job.is_joining = false;
  if (kind == ErrorKind::DiskFull) {
    --job.joins_tried;
    Actions paused = on_disk_full(message, now_ms);
    actions.changes = std::move(paused.changes);
    return settle(now_ms, std::move(actions));
  }
  note("job", job.stored.name, "joining failed: " + message, now_ms, actions);
  if (kind == ErrorKind::Io && job.joins_tried < limits_.joins_per_job) {
    join_when_complete(index, now_ms, actions);
  } else {
    fail_job(index, kind, "the film could not be joined: " + message, now_ms, actions);
  }
  return settle(now_ms, std::move(actions));
}

bool SchedulerCore::has_lost_ranks() const {
  return std::any_of(ranks_.begin(), ranks_.end(),
                     [](const auto& entry) { return entry.second.state != RankState::Joined; });
}

std::optional<SchedulerCore::RunningAttempt> SchedulerCore::running_attempt(Epoch epoch, AttemptId id) const {
  const auto it = running_.find(id);
  if (epoch != epoch_ || it == running_.end()) return std::nullopt;
  const Range& range = ranges_[it->second.range];
  const StoredJob& job = jobs_[range.job].stored;
  return RunningAttempt{job.name, job.ranges[range.index].segments[range.next].clips};
}

RunStatus SchedulerCore::status(std::int64_t now_ms) const {
  RunStatus status;
  status.is_running = true;
  status.is_draining = drain_since_ms_ >= 0;
  if (is_waiting_for_disk()) status.paused = "the disk is full: " + disk_full_what_;
  status.epoch = epoch_.value;
  status.started_at = utc_text(started_ms_);
  status.frames_per_second = rate_.frames_per_second(now_ms);
  std::int64_t frames_left = 0;
  for (const Job& job : jobs_) {
    status.jobs.push_back(status_of_job(job, now_ms));
    if (!is_final(job.stored.state)) frames_left += job.stored.film_frames - status.jobs.back().frames_done;
  }
  if (status.frames_per_second > 0) status.eta_s = static_cast<double>(frames_left) / status.frames_per_second;
  for (const Group& group : groups_) status.groups.push_back(status_of_group(group));
  status.events.assign(recent_events_.begin(), recent_events_.end());
  return status;
}

JobStatus SchedulerCore::status_of_job(const Job& job, std::int64_t now_ms) const {
  JobStatus status;
  status.name = job.stored.name;
  status.engine = job.stored.engine;
  status.state = name_of(job.stored.state);
  status.message = job.stored.message;
  status.frames = job.stored.film_frames;
  status.frames_done = job.frames_done + job.frames_running;
  status.clips = job.stored.clips;
  status.clips_done = job.clips_done;
  for (const StoredRange& range : job.stored.ranges) {
    status.segments += static_cast<std::int64_t>(range.segments.size());
  }
  status.segments_done = status.segments - static_cast<std::int64_t>(job.segments_left);
  status.output = job.stored.output;
  if (is_final(job.stored.state)) return status;
  status.frames_per_second = job.rate.frames_per_second(now_ms);
  if (status.frames_per_second > 0) {
    status.eta_s = static_cast<double>(status.frames - status.frames_done) / status.frames_per_second;
  }
  return status;
}

GroupStatus SchedulerCore::status_of_group(const Group& group) const {
  GroupStatus status;
  status.group = group.plan.id.value;
  status.host = group.plan.host;
  bool is_waiting = false;
  for (const RankId rank : group.plan.ranks) {
    status.ranks.push_back(rank.value);
    is_waiting = is_waiting || !ranks_.at(rank).was_seen;
  }
  status.state = group.is_blocked         ? "blocked"
                 : is_waiting             ? "waiting"
                 : !group.is_usable()     ? "lost"
                 : group.attempt.is_set() ? "busy"
                                          : "idle";
  if (!group.attempt.is_set()) return status;
  const Attempt& attempt = running_.at(group.attempt);
  const Range& range = ranges_[attempt.range];
  const Job& job = jobs_[range.job];
  status.job = job.stored.name;
  status.clips = job.stored.ranges[range.index].segments[range.next].clips;
  status.frames_done = attempt.frames;
  status.frames = frames_of_clips(status.clips, job.stored.infer_frames, job.stored.film_frames).length();
  return status;
}

}  // namespace longtake
