#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

constexpr int kInferFrames = 48;

std::vector<RankId> ranks_of(const std::vector<RunGroup>& groups) {
  std::vector<RankId> ranks;
  for (const RunGroup& group : groups) ranks.insert(ranks.end(), group.ranks.begin(), group.ranks.end());
  return ranks;
}

}  // namespace

RunJob make_job(std::int64_t id, const std::vector<std::vector<int>>& ranges, int priority) {
  RunJob job;
  StoredJob& stored = job.stored;
  stored.id.value = id;
  stored.name = "job-" + std::to_string(id);
  stored.engine = "slate";
  stored.infer_frames = kInferFrames;
  std::int64_t clip = 0;
  std::int64_t segment_id = 1000 * id;
  for (const std::vector<int>& lengths : ranges) {
    StoredRange range;
    range.clips.begin = clip;
    for (const int length : lengths) {
      range.segments.push_back({SegmentId{segment_id++}, {clip, clip + length}, SegmentState::Pending, {}});
      clip += length;
    }
    range.clips.end = clip;
    stored.ranges.push_back(std::move(range));
  }
  stored.clips = clip;
  stored.film_frames = clip * kInferFrames;
  job.priority = priority;
  job.order.job = stored.name;
  return job;
}

RunJob in_stages(RunJob job, int stages) {
  constexpr int kLayers = 40;
  constexpr int kSteps = 4;
  job.order.share.layout = layers_layout(kLayers, kSteps, stages);
  job.order.share.meeting = "/tmp/meet";
  return job;
}

StoredSegment& segment_of(StoredJob& job, std::size_t position) {
  for (StoredRange& range : job.ranges) {
    if (position < range.segments.size()) return range.segments[position];
    position -= range.segments.size();
  }
  throw Error(ErrorKind::Bug, "the made-up job has fewer segments");
}

void mark_finished(RunJob& job, std::size_t position) {
  StoredSegment& segment = segment_of(job.stored, position);
  segment.state = SegmentState::Finished;
  segment.facts = facts_for(segment.clips.length() * kInferFrames);
}

SegmentFacts facts_for(std::int64_t frames) { return {frames * 100, frames, 1, 2, 3}; }

std::vector<RunGroup> single_ranks(int count) {
  std::vector<RunGroup> groups;
  for (int i = 0; i < count; ++i) groups.push_back({GroupId{i}, {RankId{i}}, "node"});
  return groups;
}

CoreRun::CoreRun(std::vector<RunJob> jobs, std::vector<RunGroup> groups, CoreLimits limits)
    : ranks_(ranks_of(groups)),
      core_(kEpoch, WorkDir("/w"), std::move(jobs), std::move(groups), AttemptId{1}, limits) {}

Actions CoreRun::keep(Actions actions) {
  for (const Outgoing& outgoing : actions.sends) {
    if (const auto* generate = std::get_if<GenerateSegment>(&outgoing.message)) {
      orders_[outgoing.to.value] = generate->order;
    }
  }
  changes_.insert(changes_.end(), actions.changes.begin(), actions.changes.end());
  if (actions.end) {
    exit_code_ = actions.end->exit_code;
    end_message_ = actions.end->message;
  }
  return actions;
}

Actions CoreRun::start() {
  Actions all = start_without_ranks();
  for (const RankId rank : ranks_) {
    Actions one = join(rank.value);
    all.changes.insert(all.changes.end(), one.changes.begin(), one.changes.end());
    all.sends.insert(all.sends.end(), one.sends.begin(), one.sends.end());
  }
  return all;
}

Actions CoreRun::start_without_ranks() { return keep(core_.on_started(now_ms_)); }

Actions CoreRun::join(std::int64_t rank) {
  RankHardware hardware;
  hardware.rank.value = rank;
  hardware.host = "node";
  hardware.pid = static_cast<int>(100 + rank);
  orders_.erase(rank);
  return keep(core_.on_rank_joined(hardware, now_ms_));
}

Actions CoreRun::alive(std::int64_t rank) {
  return alive_with(rank, has_order(rank) ? order(rank).attempt : AttemptId{});
}

Actions CoreRun::alive_with(std::int64_t rank, AttemptId attempt) {
  return keep(core_.on_rank_alive({RankId{rank}, 0, attempt}, now_ms_));
}

Actions CoreRun::leave(std::int64_t rank) {
  return keep(core_.on_rank_left(RankId{rank}, "signal TERM", now_ms_));
}

AttemptFinished CoreRun::finished_report(std::int64_t rank) const {
  return {kEpoch, order(rank).attempt, RankId{rank}, facts_for(order(rank).frames.length()), 1.5, 1000, {}};
}

AttemptFinished CoreRun::cut_report(std::int64_t rank, std::int64_t clips) const {
  AttemptFinished report = finished_report(rank);
  report.cut_to = {order(rank).clips.begin, order(rank).clips.begin + clips};
  report.facts = facts_for(clips * kInferFrames);
  return report;
}

AttemptFailed CoreRun::failed_report(std::int64_t rank, ErrorKind kind) const {
  return {kEpoch, order(rank).attempt, RankId{rank}, kind, "made up", false, true};
}

Actions CoreRun::progress(std::int64_t rank, std::int64_t frames) {
  return keep(core_.on_attempt_progressed({kEpoch, order(rank).attempt, RankId{rank}, frames}, now_ms_));
}

Actions CoreRun::finish(std::int64_t rank) {
  const AttemptFinished report = finished_report(rank);
  orders_.erase(rank);
  return keep(core_.on_attempt_finished(report, now_ms_));
}

Actions CoreRun::finish_cut(std::int64_t rank, std::int64_t clips) {
  const AttemptFinished report = cut_report(rank, clips);
  orders_.erase(rank);
  return keep(core_.on_attempt_finished(report, now_ms_));
}

Actions CoreRun::fail_start(std::int64_t rank) {
  AttemptFailed report = failed_report(rank, ErrorKind::DeviceLost);
  report.had_segment = false;
  orders_.erase(rank);
  return keep(core_.on_attempt_failed(report, now_ms_));
}

Actions CoreRun::fail(std::int64_t rank, ErrorKind kind, const std::string& message) {
  AttemptFailed report = failed_report(rank, kind);
  report.message = message;
  orders_.erase(rank);
  return keep(core_.on_attempt_failed(report, now_ms_));
}

Actions CoreRun::give_up(std::int64_t rank) {
  AttemptFailed report = failed_report(rank, ErrorKind::DeviceLost);
  report.cancelled = true;
  orders_.erase(rank);
  return keep(core_.on_attempt_failed(report, now_ms_));
}

Actions CoreRun::stage_done(std::int64_t rank) {
  StageFinished report;
  report.epoch = kEpoch;
  report.attempt = order(rank).attempt;
  report.rank.value = rank;
  report.peak_bytes = 2000;
  orders_.erase(rank);
  return keep(core_.on_stage_finished(report, now_ms_));
}

Actions CoreRun::film_joined(std::int64_t job) {
  return keep(core_.on_film_joined(JobId{job}, "film made", now_ms_));
}

Actions CoreRun::film_segment_bad(std::int64_t job, std::size_t position) {
  return keep(core_.on_film_segment_bad(JobId{job}, position, "torn", now_ms_));
}

Actions CoreRun::film_failed(std::int64_t job, ErrorKind kind) {
  return keep(core_.on_film_failed(JobId{job}, kind, "made up", now_ms_));
}

Actions CoreRun::drain() { return keep(core_.on_drain("test", now_ms_)); }
Actions CoreRun::disk_full() { return keep(core_.on_disk_full("/w", now_ms_)); }
Actions CoreRun::disk_has_room() { return keep(core_.on_disk_has_room(now_ms_)); }

Actions CoreRun::wait(std::int64_t ms) {
  now_ms_ += ms;
  for (const RankId rank : ranks_) alive(rank.value);
  return keep(core_.on_tick(now_ms_));
}

Actions CoreRun::tick_after(std::int64_t ms) {
  now_ms_ += ms;
  return keep(core_.on_tick(now_ms_));
}

}  // namespace longtake
