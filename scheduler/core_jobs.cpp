// SchedulerCore, the part about whole jobs: their states, joining their films, the end of the
// run, and the status.
#include <algorithm>

#include "scheduler/core.h"
#include "scheduler/size_used.h"

namespace longtake {

void SchedulerCore::move_job(std::size_t index, JobState to, const std::string& message, std::int64_t now_ms,
                             Actions& actions) {
  StoredJob& job = jobs_[index].stored;
  if (is_final(to) && !is_final(job.state)) --open_jobs_;
  job.state = to;
  job.message = message;
  actions.changes.push_back(JobMoved{job.id, to, message, now_ms});
}

void SchedulerCore::fail_job(std::size_t index, ErrorKind kind, const std::string& message,
                             std::int64_t now_ms, Actions& actions) {
  if (is_final(jobs_[index].stored.state)) return;
  jobs_[index].failure = kind;
  move_job(index, JobState::Failed, message, now_ms, actions);
  note("job", jobs_[index].stored.name, "failed: " + message, now_ms, actions);
  for (std::size_t r = 0; r < ranges_.size(); ++r) {
    if (ranges_[r].job == index) make_unready(r);
  }
  for (auto& [id, attempt] : running_) {
    if (ranges_[attempt.range].job == index) cancel(attempt, actions);
  }
}

void SchedulerCore::join_when_complete(std::size_t index, std::int64_t now_ms, Actions& actions) {
  Job& job = jobs_[index];
  if (is_final(job.stored.state) || job.segments_left > 0 || job.is_joining) return;
  if (is_waiting_for_disk() || drain_since_ms_ >= 0 || now_ms < job.join_from_ms) return;
  job.is_joining = true;
  ++joins_open_;
  ++job.joins_tried;
  if (job.stored.state != JobState::Joining) move_job(index, JobState::Joining, "", now_ms, actions);
  actions.joins.push_back(job.stored.id);
}

/// What ails a disk may take seconds or a minute to heal: 2 s, 8 s, then 32 s each time.
void SchedulerCore::pause_join(std::size_t index, std::int64_t now_ms) {
  Job& job = jobs_[index];
  constexpr std::int64_t kLongest = 16;
  std::int64_t pauses = 1;
  for (int tried = 1; tried < job.joins_tried && pauses < kLongest; ++tried) pauses *= 4;
  job.join_from_ms = now_ms + pauses * limits_.io_pause_ms;
  paused_joins_.emplace(job.join_from_ms, index);
}

void SchedulerCore::retry_joins(std::int64_t now_ms, Actions& actions) {
  for (std::size_t j = 0; j < jobs_.size(); ++j) join_when_complete(j, now_ms, actions);
}

bool SchedulerCore::end_join(Job& job) {
  if (!job.is_joining) return false;
  job.is_joining = false;
  --joins_open_;
  return true;
}

Actions SchedulerCore::on_film_joined(JobId id, const std::string& summary, std::int64_t now_ms) {
  Actions actions;
  const std::size_t index = index_of(id);
  if (!end_join(jobs_[index])) return actions;
  move_job(index, JobState::Done, "", now_ms, actions);
  note("job", jobs_[index].stored.name, summary, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_film_segment_bad(JobId id, std::size_t position, const std::string& why,
                                           std::int64_t now_ms) {
  Actions actions;
  const std::size_t index = index_of(id);
  Job& job = jobs_[index];
  if (!end_join(job)) return actions;
  if (job.joins_tried >= limits_.joins_per_job) {
    fail_job(index, ErrorKind::Io, "the film could not be joined: " + why, now_ms, actions);
    return settle(now_ms, std::move(actions));
  }
  const auto range = find_range(index, position);
  if (!range) {
    fail_job(index, ErrorKind::Bug, "the join found a bad segment that the job does not have: " + why, now_ms,
             actions);
    return settle(now_ms, std::move(actions));
  }
  reopen(*range, position, why, actions);
  note("job", job.stored.name, "a segment is made again: " + why, now_ms, actions);
  move_job(index, JobState::Running, "", now_ms, actions);
  return settle(now_ms, std::move(actions));
}

/// The range of the job's segment at `position` in the film, which becomes the one in the range.
std::optional<std::size_t> SchedulerCore::find_range(std::size_t job, std::size_t& position) const {
  for (std::size_t r = 0; r < ranges_.size(); ++r) {
    if (ranges_[r].job != job) continue;
    const std::size_t segments = jobs_[job].stored.ranges[ranges_[r].index].segments.size();
    if (position < segments) return r;
    position -= segments;
  }
  return std::nullopt;
}

void SchedulerCore::reopen(std::size_t range_index, std::size_t position, const std::string& why,
                           Actions& actions) {
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
  actions.changes.push_back(SegmentReopened{segment.id, "made again: " + why});
  make_ready(range_index);
}

Actions SchedulerCore::on_film_failed(JobId id, ErrorKind kind, const std::string& message,
                                      std::int64_t now_ms) {
  Actions actions;
  const std::size_t index = index_of(id);
  Job& job = jobs_[index];
  if (!end_join(job)) return actions;
  if (kind == ErrorKind::DiskFull) {
    --job.joins_tried;
    Actions paused = on_disk_full(message, now_ms);
    actions.changes = std::move(paused.changes);
    return settle(now_ms, std::move(actions));
  }
  note("job", job.stored.name, "joining failed: " + message, now_ms, actions);
  if (kind == ErrorKind::Io && job.joins_tried < limits_.joins_per_job) {
    pause_join(index, now_ms);
  } else {
    fail_job(index, kind, "the film could not be joined: " + message, now_ms, actions);
  }
  return settle(now_ms, std::move(actions));
}

bool SchedulerCore::has_lost_ranks() const {
  return std::any_of(ranks_.begin(), ranks_.end(),
                     [](const auto& entry) { return entry.second.state != RankState::Joined; });
}

bool SchedulerCore::is_expecting_ranks() const {
  return std::any_of(ranks_.begin(), ranks_.end(), [](const auto& entry) { return !entry.second.was_seen; });
}

std::optional<SchedulerCore::AttemptSubject> SchedulerCore::subject_of(Epoch epoch, AttemptId id) const {
  if (epoch != epoch_) return std::nullopt;
  const auto it = running_.find(id);
  if (it != running_.end()) {
    const Range& range = ranges_[it->second.range];
    const StoredJob& job = jobs_[range.job].stored;
    return AttemptSubject{job.id, job.ranges[range.index].segments[range.next].clips, it->second.share};
  }
  const auto is_before = [&](const Group& group) { return id.is_set() && group.attempt_before == id; };
  const auto group = std::find_if(groups_.begin(), groups_.end(), is_before);
  if (group == groups_.end()) return std::nullopt;
  return group->subject_before;
}

void SchedulerCore::end_when_over(std::int64_t now_ms, Actions& actions) {
  if (has_ended_) return;
  actions.end = end_of_run(now_ms);
  if (!actions.end) return;
  has_ended_ = true;
  // Whoever has not answered its CancelAttempt by now is told to leave.
  while (!running_.empty()) {
    end_attempt(running_.begin()->first, AttemptState::Cancelled, ErrorKind::DeviceLost, "the run ended",
                now_ms, actions);
  }
  note("run", "", actions.end->message, now_ms, actions);
}

std::optional<EndRun> SchedulerCore::end_of_run(std::int64_t now_ms) const {
  if (open_jobs_ == 0) return end_of_all_jobs();
  if (joins_open_ > 0) return std::nullopt;
  if (drain_since_ms_ >= 0) {
    const bool is_patient = now_ms < drain_until_ms_ + limits_.drain_grace_ms;
    if (!running_.empty() && is_patient) return std::nullopt;
    return EndRun{75, "drained (" + drained_by_ + "); run again to go on"};
  }
  if (has_hope(now_ms) || !paused_joins_.empty()) return std::nullopt;
  const std::string left = jobs_left_for_smaller_sizes();
  return EndRun{75, (left.empty() ? "no rank is left" : left) + "; run again to go on"};
}

EndRun SchedulerCore::end_of_all_jobs() const {
  const auto is_failed = [](const Job& job) { return job.stored.state == JobState::Failed; };
  const auto failed = std::count_if(jobs_.begin(), jobs_.end(), is_failed);
  if (failed == 0) return {0, "all jobs are done"};
  const bool is_users = std::all_of(jobs_.begin(), jobs_.end(), [&](const Job& job) {
    return !is_failed(job) || job.failure == ErrorKind::InvalidInput;
  });
  return {is_users ? 2 : 1, std::to_string(failed) + " of " + std::to_string(jobs_.size()) + " jobs failed"};
}

/// Whether some group works or may work yet. A rank that fell silent may come back until the time when it
/// would have given us up itself.
bool SchedulerCore::has_hope(std::int64_t now_ms) const {
  return std::any_of(ranks_.begin(), ranks_.end(), [&](const auto& entry) {
    const Rank& rank = entry.second;
    const Group& group = groups_[rank.group];
    if (group.is_blocked) return false;
    const bool works = group.is_usable() && (group.is_held || is_of_use(group.plan.ranks.size()));
    return works || !rank.was_seen || (rank.state == RankState::Lost && !is_beyond_hope(entry.first, now_ms));
  });
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
  if (status.frames_per_second > 0)
    status.eta_s = static_cast<double>(frames_left) / status.frames_per_second;
  for (const Group& group : groups_) {
    if (!group.plan.ranks.empty()) status.groups.push_back(status_of_group(group));
  }
  status.events.assign(recent_events_.begin(), recent_events_.end());
  return status;
}

JobStatus SchedulerCore::status_of_job(const Job& job, std::int64_t now_ms) const {
  JobStatus status;
  status.name = job.stored.name;
  status.engine = job.stored.engine;
  status.state = name_of(job.stored.state);
  status.message = job.stored.message;
  status.size = text_of(job.stored.size);
  status.asked_size = job.asked_size;
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
