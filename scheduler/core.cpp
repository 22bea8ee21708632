#include "scheduler/core.h"

#include <algorithm>

#include "scheduler/size_used.h"
#include "scheduler/work_record.h"

namespace longtake {
namespace {

constexpr std::size_t kRecentEvents = 20;

std::int64_t frames_wanted(const StoredJob& job, Interval ordered, Interval cut_to) {
  return frames_of_clips(cut_to.is_empty() ? ordered : cut_to, job.infer_frames, job.film_frames).length();
}

}  // namespace

SchedulerCore::SchedulerCore(Epoch epoch, const WorkDir& work_dir, std::vector<RunJob> jobs,
                             std::vector<RunGroup> groups, AttemptId next_attempt, CoreLimits limits,
                             SegmentId next_segment)
    : epoch_(epoch),
      work_dir_(work_dir),
      limits_(std::move(limits)),
      next_attempt_(next_attempt),
      next_segment_(next_segment) {
  for (RunJob& job : jobs) {
    job_index_[job.stored.id] = jobs_.size();
    Job state;
    state.stored = std::move(job.stored);
    state.order = std::move(job.order);
    state.smaller = job.smaller;
    state.asked_size = text_of(asked_size_of(state.stored));
    state.priority = job.priority;
    if (!is_final(state.stored.state)) ++open_jobs_;
    state.planned_frames_per_second = job.frames_per_second;
    const Layout& planned = state.order.share.layout;
    const int planned_ranks = std::max(1, planned.ranks());
    state.shares = std::move(job.shares);
    state.share = &state.shares.try_emplace(planned_ranks, JobShare{planned, {}}).first->second;
    jobs_.push_back(std::move(state));
  }
  for (std::size_t j = 0; j < jobs_.size(); ++j) add_ranges(j);
  for (RunGroup& group : groups) {
    for (const RankId rank : group.ranks) {
      ranks_[rank].group = groups_.size();
      rank_by_id_[rank] = &ranks_[rank];
    }
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
      next_segment_.value = std::max(next_segment_.value, segment.id.value + 1);
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
           (ranks_.size() == 1 ? " rank" : " ranks") +
           (limits_.deadline ? ", to be over by " + limits_.deadline->text : ""),
       now_ms, actions);
  for (std::size_t r = 0; r < ranges_.size(); ++r) {
    if (!is_final(jobs_[ranges_[r].job].stored.state)) make_ready(r);
  }
  for (std::size_t j = 0; j < jobs_.size(); ++j) join_when_complete(j, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_attempt_progressed(const AttemptProgressed& report, std::int64_t now_ms) {
  Attempt* attempt = find_running(report.epoch, report.attempt, report.rank);
  if (attempt == nullptr) return {};
  std::int64_t& of_rank = attempt->frames_by_rank[report.rank];
  of_rank = std::max(of_rank, report.frames);
  std::int64_t sum = 0;
  for (const auto& [rank, frames] : attempt->frames_by_rank) sum += frames;
  advance(*attempt, sum / static_cast<std::int64_t>(attempt->ranks.size()), now_ms);
  Actions actions;
  // Not before: only now is it sure that the engine that writes has it.
  const bool has_begun = report.rank == attempt->ranks.back();
  if (limits_.deadline && has_begun && !attempt->is_told_the_end) {
    attempt->is_told_the_end = true;
    have_it_end(report.attempt, *attempt, now_ms, actions);
  }
  return actions;
}

void SchedulerCore::advance(Attempt& attempt, std::int64_t frames, std::int64_t now_ms) {
  const std::int64_t made = frames - attempt.frames;
  if (made <= 0) return;
  Job& job = jobs_[ranges_[attempt.range].job];
  attempt.frames = frames;
  job.frames_running += made;
  job.rate.add(made, now_ms);
  rate_.add(made, now_ms);
}

Actions SchedulerCore::on_attempt_finished(const AttemptFinished& report, std::int64_t now_ms) {
  Attempt* found = find_running(report.epoch, report.attempt, report.rank);
  if (found == nullptr || found->ranks.back() != report.rank) return {};
  if (jobs_[ranges_[found->range].job].is_left_for_smaller_size) return refuse_old_size(report, now_ms);
  const Interval ordered = segment_at(ranges_[found->range]).clips;
  if (!report.cut_to.is_empty() && !is_cut(report, ordered)) {
    return on_attempt_failed({report.epoch, report.attempt, report.rank, ErrorKind::Bug,
                              "the engine made clips " + text_of(report.cut_to) + " of " + text_of(ordered)},
                             now_ms);
  }
  const std::int64_t frames = frames_wanted(jobs_[ranges_[found->range].job].stored, ordered, report.cut_to);
  if (report.facts.frames != frames) {
    return on_attempt_failed(
        {report.epoch, report.attempt, report.rank, ErrorKind::Io,
         "the engine made " + std::to_string(report.facts.frames) + " frames of " + std::to_string(frames)},
        now_ms);
  }
  advance(*found, report.facts.frames, now_ms);
  const Attempt attempt = *found;
  Actions actions;
  const std::int64_t peak_bytes = std::max(attempt.peak_bytes, peak_bytes_of(report.work, report.peak_bytes));
  Range& range = ranges_[attempt.range];
  Job& job = jobs_[range.job];
  finish_attempt(report.attempt, attempt);
  learn_speed(attempt, report);
  if (is_cut(report, ordered)) cut_segment(range, report.cut_to.end, now_ms, actions);
  StoredSegment& segment = segment_at(range);
  segment.state = SegmentState::Finished;
  segment.facts = report.facts;
  job.clips_done += segment.clips.length();
  job.frames_done += report.facts.frames;
  --job.segments_left;
  actions.changes.push_back(
      AttemptSucceeded{report.attempt, segment.id, report.facts, report.seconds, peak_bytes, now_ms});
  range.clips_left -= segment.clips.length();
  skip_finished(range);
  range.failures = 0;
  range.last_failed_on = {};
  disk_waited_ms_ = 0;
  groups_[attempt.group].failed.clear();
  groups_[attempt.group].failed_starts = 0;
  groups_[attempt.group].lost_in_a_row = 0;
  if (!is_final(job.stored.state)) make_ready(attempt.range);
  join_when_complete(range.job, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_stage_finished(const StageFinished& report, std::int64_t now_ms) {
  Attempt* attempt = find_running(report.epoch, report.attempt, report.rank);
  if (attempt == nullptr) return {};
  Actions actions;
  attempt->at_work.erase(report.rank);
  attempt->peak_bytes = std::max(attempt->peak_bytes, peak_bytes_of(report.work, report.peak_bytes));
  if (attempt->failure && attempt->at_work.empty()) conclude_failure(report.attempt, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

/// One engine's fault is its whole group's, and is charged once. An engine whose peer fails can only say that
/// the peer is gone, and may say so first: a lost device is believed once every rank has answered.
Actions SchedulerCore::on_attempt_failed(const AttemptFailed& report, std::int64_t now_ms) {
  Attempt* attempt = find_running(report.epoch, report.attempt, report.rank);
  if (attempt == nullptr) return {};
  Actions actions;
  attempt->at_work.erase(report.rank);
  if (!attempt->failure) {
    for (const RankId other : attempt->at_work)
      actions.sends.push_back({other, CancelAttempt{report.attempt}});
  }
  const bool is_cancelled = report.cancelled || attempt->is_cancelled;
  if (is_cancelled && (attempt->is_cancelled || !attempt->failure)) {
    end_attempt(report.attempt, AttemptState::Cancelled, report.kind, report.message, now_ms, actions);
    return settle(now_ms, std::move(actions));
  }
  if (!is_cancelled) {
    const bool knows_better = !attempt->failure || attempt->failure->kind == ErrorKind::DeviceLost;
    if (attempt->failure && report.kind == ErrorKind::DeviceLost) {
      attempt->failure->message += "; rank " + std::to_string(report.rank.value) + ": " + report.message;
    } else if (knows_better) {
      attempt->failure = report;
    }
  }
  if (attempt->failure->kind != ErrorKind::DeviceLost || attempt->at_work.empty()) {
    conclude_failure(report.attempt, now_ms, actions);
  }
  return settle(now_ms, std::move(actions));
}

SchedulerCore::Attempt* SchedulerCore::find_running(Epoch epoch, AttemptId id, RankId rank) {
  if (epoch != epoch_) return nullptr;
  const auto it = running_.find(id);
  if (it == running_.end()) return nullptr;
  const auto& ranks = it->second.ranks;
  return std::find(ranks.begin(), ranks.end(), rank) == ranks.end() ? nullptr : &it->second;
}

/// Takes the attempt out of the running ones; its group is idle again.
void SchedulerCore::finish_attempt(AttemptId id, const Attempt& attempt) {
  Group& group = groups_[attempt.group];
  group.subject_before = *subject_of(epoch_, id);
  group.attempt_before = id;
  group.attempt = {};
  jobs_[ranges_[attempt.range].job].frames_running -= attempt.frames;
  refresh_idle(attempt.group);
  running_.erase(id);
}

void SchedulerCore::end_attempt(AttemptId id, AttemptState to, ErrorKind kind, const std::string& message,
                                std::int64_t now_ms, Actions& actions, std::int64_t peak_bytes) {
  const Attempt attempt = running_.at(id);
  Range& range = ranges_[attempt.range];
  finish_attempt(id, attempt);
  StoredSegment& segment = segment_at(range);
  segment.state = SegmentState::Pending;
  actions.changes.push_back(AttemptEnded{id, segment.id, to, kind, message, now_ms, peak_bytes});
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
  disk_waited_ms_ += now_ms - disk_full_since_ms_;
  disk_full_since_ms_ = -1;
  note("disk", "", "the disk has room again, going on", now_ms, actions);
  retry_joins(now_ms, actions);
  return settle(now_ms, std::move(actions));
}

Actions SchedulerCore::on_tick(std::int64_t now_ms) {
  Actions actions;
  lose_silent_ranks(now_ms, actions);
  give_again_what_was_not_heard(now_ms, actions);
  while (!paused_ranges_.empty() && paused_ranges_.begin()->first <= now_ms) {
    const std::size_t range = paused_ranges_.begin()->second;
    paused_ranges_.erase(paused_ranges_.begin());
    if (!is_final(jobs_[ranges_[range].job].stored.state)) make_ready(range);
  }
  while (!paused_joins_.empty() && paused_joins_.begin()->first <= now_ms) {
    const std::size_t index = paused_joins_.begin()->second;
    paused_joins_.erase(paused_joins_.begin());
    join_when_complete(index, now_ms, actions);
  }
  if (is_waiting_for_disk() &&
      disk_waited_ms_ + now_ms - disk_full_since_ms_ > limits_.disk_full_patience_ms) {
    drain("the disk stayed full: " + disk_full_what_, now_ms, actions);
  }
  watch_time(now_ms, actions);
  return settle(now_ms, std::move(actions));
}

/// The common end of every handler that may have freed a group or finished a job.
Actions SchedulerCore::settle(std::int64_t now_ms, Actions actions) {
  regroup_survivors(now_ms, actions);
  merge_held_groups(now_ms, actions);
  assign(now_ms, actions);
  if (const auto want = want_of_time(now_ms)) drain(*want, now_ms, actions);
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
