#include "scheduler/simulation/run_start.h"

#include <algorithm>

#include "scheduler/planned_work.h"

namespace longtake {
namespace {

std::vector<JobInput> with_known_cuts(std::vector<JobInput> inputs, const std::vector<StoredJob>& known) {
  for (std::size_t j = 0; j < known.size(); ++j) inputs[j].fixed_segments = segments_of(known[j]);
  return inputs;
}

/// Ids as the database gives them: growing, from 1.
StoredJob stored_job_of(const JobPlan& plan, JobId id, std::int64_t& last_segment) {
  StoredJob job;
  job.id = id;
  job.name = plan.name;
  job.engine = name_of(plan.engine);
  job.size = plan.size;
  job.film_frames = plan.film_frames;
  job.clips = plan.clips;
  job.infer_frames = plan.infer_frames;
  job.segment_clips = plan.segment_clips;
  job.ranges = ranges_of(plan);
  for (StoredRange& range : job.ranges) {
    for (StoredSegment& segment : range.segments) segment.id = SegmentId{++last_segment};
  }
  return job;
}

SegmentOrder order_of(const JobPlan& plan) {
  SegmentOrder order;
  order.job = plan.name;
  order.size = plan.size;
  order.film_frames = plan.film_frames;
  order.settings.infer_frames = plan.infer_frames;
  order.renewal_clips = plan.segment_clips;
  order.share.layout = plan.layout;
  return order;
}

JobPace pace_of(const JobPlan& plan) {
  return {plan.frames_per_second, plan.engine == EngineKind::LiveAvatar ? plan.infer_frames : 0};
}

}  // namespace

RunStart start_of_run(const Profile& profile, const std::vector<JobInput>& inputs,
                      const SlotInventory& cluster, const std::vector<StoredJob>& known) {
  const bool is_first = known.empty();
  const Plan plan = make_plan(profile, is_first ? inputs : with_known_cuts(inputs, known), cluster);
  refuse_what_cannot_run(plan);
  RunStart start;
  start.groups = groups_of(plan);
  std::int64_t last_segment = 0;
  for (std::size_t j = 0; j < plan.jobs.size(); ++j) {
    const JobId id{static_cast<std::int64_t>(j) + 1};
    StoredJob job = is_first ? stored_job_of(plan.jobs[j], id, last_segment) : known[j];
    start.jobs.push_back({std::move(job), inputs[j].spec.priority, order_of(plan.jobs[j])});
    start.paces.push_back(pace_of(plan.jobs[j]));
  }
  return start;
}

LowerBound lower_bound_of(const RunStart& start, std::size_t gpus) {
  LowerBound bound;
  for (std::size_t j = 0; j < start.jobs.size(); ++j) {
    const StoredJob& job = start.jobs[j].stored;
    const std::size_t ranks = std::max<std::size_t>(1, start.jobs[j].order.share.layout.stages.size());
    for (const StoredRange& range : job.ranges) {
      double chain_s = 0;
      for (const StoredSegment& segment : range.segments) {
        if (segment.state == SegmentState::Finished) continue;
        const auto frames = frames_of_clips(segment.clips, job.infer_frames, job.film_frames).length();
        chain_s += start.paces[j].seconds_for(frames);
      }
      bound.longest_chain_s = std::max(bound.longest_chain_s, chain_s);
      bound.all_work_s += chain_s * static_cast<double>(ranks);
    }
  }
  bound.work_per_gpu_s = bound.all_work_s / static_cast<double>(gpus);
  return bound;
}

}  // namespace longtake
