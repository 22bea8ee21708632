// SchedulerCore, the part that decides who makes what: from ready ranges and idle groups to orders.
#include <algorithm>

#include "scheduler/core.h"

namespace longtake {
namespace {

/// "4 5"
std::string text_of(const std::vector<RankId>& ranks) {
  std::string text;
  for (const RankId rank : ranks) text += (text.empty() ? "" : " ") + std::to_string(rank.value);
  return text;
}

}  // namespace

SchedulerCore::ReadyKey SchedulerCore::key_of(std::size_t index) const {
  const Range& range = ranges_[index];
  return {jobs_[range.job].priority, range.clips_left, index};
}

/// A range is ready while it has a segment to make, none of its segments runs and it is not paused.
void SchedulerCore::make_ready(std::size_t index) {
  if (ranges_[index].clips_left == 0) return;
  ranges_[index].is_ready = true;
  ready_.insert(key_of(index));
}

void SchedulerCore::make_unready(std::size_t index) {
  if (!ranges_[index].is_ready) return;
  ranges_[index].is_ready = false;
  ready_.erase(key_of(index));
}

void SchedulerCore::refresh_idle(std::size_t index) {
  const Group& group = groups_[index];
  if (group.is_usable() && !group.is_held && !group.attempt.is_set()) {
    idle_.insert(index);
  } else {
    idle_.erase(index);
  }
}

void SchedulerCore::assign(std::int64_t now_ms, Actions& actions) {
  if (has_ended_ || drain_since_ms_ >= 0 || is_waiting_for_disk()) return;
  for (auto next = ready_.begin(); next != ready_.end() && !idle_.empty();) {
    const std::size_t range = (next++)->range;  // before start_attempt takes it out of the ready ones
    const auto group = choose_group(ranges_[range]);
    if (group && is_worth_starting(ranges_[range], *group, now_ms))
      start_attempt(range, *group, now_ms, actions);
  }
}

/// Elsewhere than where it failed last, even if that means to wait until a busy group is idle again: one
/// bad device must not use up all tries of a segment. None, when it is to wait.
std::optional<std::size_t> SchedulerCore::choose_group(const Range& range) const {
  const auto is_able = [&](const Group& group) { return share_in(jobs_[range.job], group) != nullptr; };
  const auto is_elsewhere = [&](const Group& group) { return group.plan.id != range.last_failed_on; };
  std::optional<std::size_t> same;
  for (const std::size_t group : idle_) {
    if (!is_able(groups_[group])) continue;
    if (is_elsewhere(groups_[group])) return group;
    same = group;
  }
  if (!same) return std::nullopt;
  const bool has_elsewhere = std::any_of(groups_.begin(), groups_.end(), [&](const Group& group) {
    return group.is_usable() && is_elsewhere(group) && is_able(group);
  });
  if (has_elsewhere) return std::nullopt;
  return same;
}

const JobShare* SchedulerCore::share_in(const Job& job, const Group& group) {
  return share_of_ranks(job, group.plan.ranks.size());
}

void SchedulerCore::start_attempt(std::size_t range_index, std::size_t group_index, std::int64_t now_ms,
                                  Actions& actions) {
  Range& range = ranges_[range_index];
  Job& job = jobs_[range.job];
  Group& group = groups_[group_index];
  const AttemptId attempt = next_attempt_;
  const JobShare* share = share_in(job, group);
  Attempt running;  // what may throw comes before anything is changed: a group never holds half an attempt
  running.share = share;
  running.range = range_index;
  running.group = group_index;
  running.ranks = workers_of(group.plan, share->layout);
  running.at_work = {running.ranks.begin(), running.ranks.end()};
  const SegmentOrder order = order_for(range, share->layout, attempt);
  ++next_attempt_.value;
  make_unready(range_index);
  group.attempt = attempt;
  refresh_idle(group_index);
  job.share = share;
  StoredSegment& segment = segment_at(range);
  segment.state = SegmentState::Running;
  if (job.stored.state != JobState::Running) move_job(range.job, JobState::Running, "", now_ms, actions);
  actions.changes.push_back(
      AttemptStarted{attempt, segment.id, group.plan.id, now_ms, text_of(running.ranks), group.plan.host});
  for (std::size_t stage = 0; stage < running.ranks.size(); ++stage) {
    GenerateSegment generate{epoch_, job.stored.engine, order, group.has_plain_transport};
    generate.order.share.stage = static_cast<int>(stage);
    actions.sends.push_back({running.ranks[stage], std::move(generate)});
  }
  running_[attempt] = std::move(running);
}

/// The ranks for the stages of `layout`. Without stages the work is one engine's: that of the last rank,
/// which writes.
std::vector<RankId> SchedulerCore::workers_of(const RunGroup& group, const Layout& layout) {
  const std::size_t stages = std::max<std::size_t>(1, layout.stages.size());
  if (stages > group.ranks.size()) {
    throw Error(ErrorKind::Bug, "a layout of " + std::to_string(stages) + " stages for a group of " +
                                    std::to_string(group.ranks.size()) + " ranks");
  }
  return {group.ranks.end() - static_cast<std::ptrdiff_t>(stages), group.ranks.end()};
}

SegmentOrder SchedulerCore::order_for(const Range& range, const Layout& layout, AttemptId attempt) const {
  const Job& job = jobs_[range.job];
  const StoredRange& stored = job.stored.ranges[range.index];
  const Interval clips = stored.segments[range.next].clips;
  SegmentOrder order = job.order;
  order.attempt = attempt;
  order.share.layout = layout;
  const bool meets = order.share.layout.ranks() > 1;
  order.share.meeting = meets ? order.share.meeting + "/" + std::to_string(attempt.value) : std::string();
  order.range = stored.clips;
  order.clips = clips;
  order.frames = frames_of_clips(clips, job.stored.infer_frames, job.stored.film_frames);
  order.segment = work_dir_.segment(job.stored.name, clips);
  order.carry_out = work_dir_.carry(job.stored.name, clips);
  order.unfinished = work_dir_.unfinished(job.stored.name, clips);
  if (range.next > 0)
    order.carry_in = work_dir_.carry(job.stored.name, stored.segments[range.next - 1].clips);
  return order;
}

}  // namespace longtake
