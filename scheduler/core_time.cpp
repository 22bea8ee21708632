// SchedulerCore, the part about time: what is still started, drains, and segments that are cut short.
#include <algorithm>
#include <limits>

#include "scheduler/core.h"

namespace longtake {
namespace {

/// What the engine did after its model was loaded, which the next segment need not wait for.
double working_seconds(const AttemptFinished& report) {
  const auto load = report.work.seconds.find("load");
  return report.seconds - (load == report.work.seconds.end() ? 0 : load->second);
}

/// By when engines have to have ended. What a longer reserve than the usual holds back is time for a drain.
std::int64_t last_end_ms(const CoreLimits& limits) {
  if (!limits.deadline) return std::numeric_limits<std::int64_t>::max();
  return limits.deadline->at_ms - std::min(limits.end_reserve_ms, CoreLimits{}.end_reserve_ms);
}

}  // namespace

WorkingTime SchedulerCore::working_time() const {
  if (!limits_.deadline) return {started_ms_, std::numeric_limits<std::int64_t>::max()};
  return {started_ms_, limits_.deadline->at_ms - limits_.end_reserve_ms};
}

/// As planned for the planned number of ranks; twice as many are taken to be twice as fast.
double SchedulerCore::planned_speed(const Job& job, const Layout& layout) {
  const int planned_ranks = std::max(1, job.order.share.layout.ranks());
  return job.planned_frames_per_second * std::max(1, layout.ranks()) / planned_ranks;
}

/// As the group, which can make the job, measured it in this run, else as others did, else as planned.
SegmentEstimate SchedulerCore::estimate(const Range& range, std::size_t group) const {
  const Job& job = jobs_[range.job];
  const Interval clips = job.stored.ranges[range.index].segments[range.next].clips;
  const Layout& layout = share_in(job, groups_[group])->layout;
  const auto measured = speeds_.find(range.job, groups_[group].plan.id);
  const double speed = measured.value_or(planned_speed(job, layout));
  SegmentEstimate estimate;
  estimate.is_measured = measured.has_value();
  estimate.segment_ms =
      expected_ms(frames_of_clips(clips, job.stored.infer_frames, job.stored.film_frames).length(), speed);
  estimate.clip_ms = expected_ms(job.stored.infer_frames, speed);
  estimate.can_be_continued = !splits_steps(layout.kind);
  return estimate;
}

bool SchedulerCore::is_worth_starting(const Range& range, std::size_t group, std::int64_t now_ms) const {
  return !limits_.deadline || longtake::is_worth_starting(estimate(range, group), now_ms, working_time());
}

void SchedulerCore::learn_speed(const Attempt& attempt, const AttemptFinished& report) {
  const double seconds = working_seconds(report);
  if (seconds <= 0) return;
  speeds_.add(ranges_[attempt.range].job, groups_[attempt.group].plan.id,
              static_cast<double>(report.facts.frames) / seconds);
}

/// Asked when what can be started has been: nothing runs, and for something that is ready there is a group
/// but no time. What no group can take waits for other things than time, and says nothing of it.
std::optional<std::string> SchedulerCore::want_of_time(std::int64_t now_ms) const {
  if (!limits_.deadline || has_ended_ || drain_since_ms_ >= 0 || is_waiting_for_disk()) return std::nullopt;
  if (!running_.empty() || !paused_ranges_.empty()) return std::nullopt;
  for (const ReadyKey& ready : ready_) {
    const Range& range = ranges_[ready.range];
    const auto group = choose_group(range);
    if (!group || is_worth_starting(range, *group, now_ms)) continue;
    const StoredJob& job = jobs_[range.job].stored;
    return "the time ends at " + limits_.deadline->text + ": clips " +
           text_of(job.ranges[range.index].segments[range.next].clips) + " of " + job.name + " need about " +
           rough_duration(estimate(range, *group).segment_ms);
  }
  return std::nullopt;
}

Actions SchedulerCore::on_drain(const std::string& by, std::int64_t now_ms) {
  Actions actions;
  if (drain_since_ms_ >= 0) return actions;
  drain(by, now_ms, actions);
  return settle(now_ms, std::move(actions));
}

void SchedulerCore::drain(const std::string& by, std::int64_t now_ms, Actions& actions) {
  if (drain_since_ms_ >= 0) return;
  drain_since_ms_ = now_ms;
  drained_by_ = by;
  drain_until_ms_ = std::clamp(last_end_ms(limits_), now_ms, now_ms + limits_.drain_ms);
  note("drain", "", "draining (" + by + "): nothing new is started", now_ms, actions);
  for (auto& [id, attempt] : running_) have_it_end(id, attempt, now_ms, actions);
}

/// At once in a drain, else when the time ends. The engine that writes has what can be kept: when it ends,
/// the others are cancelled. Of steps on several engines only the whole segment can be kept, and that is not
/// to be waited for.
void SchedulerCore::have_it_end(AttemptId id, Attempt& attempt, std::int64_t now_ms, Actions& actions) {
  const bool is_draining = drain_since_ms_ >= 0;
  const bool can_end_early = !splits_steps(attempt.share->layout.kind) && !attempt.is_cancelled;
  if (can_end_early && now_ms < (is_draining ? drain_until_ms_ : working_time().end_ms)) {
    const std::int64_t within_ms = is_draining ? 0 : working_time().end_ms - now_ms;
    actions.sends.push_back({attempt.ranks.back(), FinishAttempt{id, within_ms}});
  } else if (is_draining) {
    cancel(attempt, actions);
  }
}

void SchedulerCore::watch_time(std::int64_t now_ms, Actions& actions) {
  if (limits_.deadline && now_ms >= working_time().end_ms && !has_ended_) {
    drain("the time ends at " + limits_.deadline->text, now_ms, actions);
  }
  if (drain_since_ms_ < 0 || now_ms < drain_until_ms_) return;
  for (auto& [id, attempt] : running_) cancel(attempt, actions);
}

bool SchedulerCore::is_cut(const AttemptFinished& report, Interval ordered) {
  const Interval& made = report.cut_to;
  return !made.is_empty() && made.begin == ordered.begin && made.end < ordered.end;
}

/// The range's next segment ends at clip `at` from now on; what is left of it is one of its own.
void SchedulerCore::cut_segment(Range& range, std::int64_t at, std::int64_t now_ms, Actions& actions) {
  Job& job = jobs_[range.job];
  StoredSegment& segment = segment_at(range);
  StoredSegment rest;
  rest.id = next_segment_;
  ++next_segment_.value;
  rest.clips = {at, segment.clips.end};
  note("attempt", job.stored.name,
       "clips " + text_of(segment.clips) + " were cut at clip " + std::to_string(at) +
           " to keep what was made",
       now_ms, actions);
  actions.changes.push_back(SegmentCut{segment.id, at, rest.id});
  segment.clips.end = at;
  auto& segments = job.stored.ranges[range.index].segments;
  segments.insert(segments.begin() + static_cast<std::ptrdiff_t>(range.next) + 1, std::move(rest));
  ++job.segments_left;
}

}  // namespace longtake
