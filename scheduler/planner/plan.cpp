#include "scheduler/planner/plan.h"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <queue>

#include "scheduler/planner/avatar_cost.h"
#include "scheduler/planner/avatar_groups.h"
#include "scheduler/planner/layout_choice.h"
#include "scheduler/planner/slate_cost.h"

namespace longtake {
namespace {

std::string text_of(FrameSize size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

/// Megabytes, because slates need tens of them.
std::string megabytes(std::int64_t bytes) { return std::to_string((bytes + 999'999) / 1'000'000) + " MB"; }

std::string largest_slate_that_fits(std::int64_t capacity_bytes, int infer_frames) {
  constexpr std::array<FrameSize, 6> kSizes = {
      {{2160, 3840}, {1080, 1920}, {720, 1280}, {480, 832}, {384, 704}, {256, 384}}};
  for (const FrameSize size : kSizes) {
    if (slate_memory(size, infer_frames).total_bytes() > capacity_bytes) continue;
    return "write size: " + std::to_string(size.width) + "*" + std::to_string(size.height) + " or less";
  }
  return "raise host_bytes_per_slot of the profile";
}

/// Why this slate cannot be made with this profile; nullopt when it can.
std::optional<std::string> reason_against(const Profile& profile, const JobInput& job) {
  const std::string name = "job " + job.spec.name + ": ";
  const int infer_frames = job.spec.settings.infer_frames;
  const std::int64_t needed_bytes = slate_memory(job.size, infer_frames).total_bytes();
  if (needed_bytes <= profile.host_bytes_per_slot) return std::nullopt;
  return name + "frames of " + text_of(job.size) + " need " + megabytes(needed_bytes) +
         " in a slot, profile " + profile.name + " gives " + megabytes(profile.host_bytes_per_slot) + "; " +
         largest_slate_that_fits(profile.host_bytes_per_slot, infer_frames);
}

/// A profile that asks for more GPUs than there are would die when the engines start.
std::vector<std::string> missing_gpus(const Profile& profile, const SlotInventory& inventory) {
  std::vector<std::string> reasons;
  for (const SlotInventory::Host& host : inventory.hosts) {
    if (static_cast<int>(host.gpus.size()) >= profile.gpus_per_node) continue;
    reasons.push_back("profile " + profile.name + " asks for " + std::to_string(profile.gpus_per_node) +
                      " GPUs on each host, " + host.name + " has " + std::to_string(host.gpus.size()) +
                      "; use a profile with " + std::to_string(host.gpus.size()) + " or fewer");
  }
  return reasons;
}

/// One rank per group: a slate needs no second one.
std::vector<GroupPlan> slate_groups(const Profile& profile, const SlotInventory& inventory) {
  std::vector<GroupPlan> groups;
  for (const SlotInventory::Host& host : inventory.hosts) {
    for (const RankId rank : host.ranks) {
      GroupPlan group;
      group.group = GroupId{static_cast<std::int64_t>(groups.size())};
      group.ranks = {rank};
      group.host = host.name;
      group.layout = slate_layout();
      group.capacity_bytes = profile.host_bytes_per_slot;
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

StageMemory largest_slate_memory(const std::vector<const JobInput*>& jobs) {
  StageMemory largest;
  for (const JobInput* job : jobs) {
    StageMemory memory = slate_memory(job->size, job->spec.settings.infer_frames);
    if (memory.total_bytes() > largest.total_bytes()) largest = std::move(memory);
  }
  return largest;
}

std::vector<RangePlan> fixed_ranges(const SegmentsByRange& fixed) {
  std::vector<RangePlan> ranges;
  for (const std::vector<Interval>& segments : fixed) {
    if (segments.empty()) continue;
    ranges.push_back({{segments.front().begin, segments.back().end}, segments});
  }
  return ranges;
}

struct Night {
  int jobs = 0;
  int groups = 0;
  int ranks_per_group = 1;
  std::int64_t clips = 0;
};

void plan_slate(const Profile& profile, const JobInput& input, JobPlan& job) {
  job.frames_per_second = slate_frames_per_second(profile, input.size);
  job.memory = {slate_memory(input.size, job.infer_frames)};
  job.segment_clips =
      input.spec.settings.segment_clips.value_or(segment_clips_for(job.frames_per_second, job.infer_frames));
}

/// The job is one of those that fit a group of so many ranks.
void plan_avatar(const Profile& profile, const JobInput& input, int ranks, JobPlan& job) {
  const AvatarDemand demand = demand_of(profile, input);
  LayoutNeed need = layout_that_fits(profile, demand, ranks).value();
  job.frames_per_second = avatar_frames_per_second(profile, demand, need.layout);
  job.layout = std::move(need.layout);
  job.memory = std::move(need.memory);
  job.segment_clips = avatar_segment_clips(input.spec.settings);
}

JobPlan plan_job(const Profile& profile, const JobInput& input, const Night& night) {
  const JobSettings& settings = input.spec.settings;
  JobPlan job;
  job.name = input.spec.name;
  job.engine = input.spec.engine;
  job.size = input.size;
  job.film_frames = input.film_frames;
  job.clips = input.clips;
  job.infer_frames = settings.infer_frames;
  if (job.engine == EngineKind::Slate) {
    plan_slate(profile, input, job);
  } else {
    plan_avatar(profile, input, night.ranks_per_group, job);
  }
  if (input.fixed_segments) {
    job.ranges = fixed_ranges(*input.fixed_segments);
    return job;
  }
  const std::int64_t ranges =
      range_count_for({settings.continuity, night.jobs, night.groups, input.clips, night.clips});
  for (const Interval& clips :
       split_into_ranges(input.clips, ranges, settings.infer_frames, input.loudness)) {
    job.ranges.push_back({clips, cut_into_segments(clips, job.segment_clips)});
  }
  return job;
}

/// Longest processing time first: within 4/3 of the best night (Graham, 1969), and what the
/// scheduler does.
void predict_times(Plan& plan) {
  struct Chain {
    JobPlan* job;
    double seconds;
  };
  std::vector<Chain> chains;
  for (JobPlan& job : plan.jobs) {
    for (const RangePlan& range : job.ranges) {
      const Interval frames = frames_of_clips(range.clips, job.infer_frames, job.film_frames);
      chains.push_back({&job, static_cast<double>(frames.length()) / job.frames_per_second});
    }
  }
  std::stable_sort(chains.begin(), chains.end(),
                   [](const Chain& a, const Chain& b) { return a.seconds > b.seconds; });
  using Earliest = std::priority_queue<double, std::vector<double>, std::greater<>>;
  Earliest busy_until(std::greater<>(), std::vector<double>(plan.groups.size(), 0));
  for (const Chain& chain : chains) {
    const double end = busy_until.top() + chain.seconds;
    busy_until.pop();
    busy_until.push(end);
    chain.job->seconds = std::max(chain.job->seconds, end);
    plan.seconds = std::max(plan.seconds, end);
  }
}

struct JobsByEngine {
  std::vector<const JobInput*> slates;  ///< those that can be made
  std::vector<const JobInput*> avatars;
};

JobsByEngine sort_by_engine(const Profile& profile, const std::vector<JobInput>& jobs,
                            std::vector<std::string>& reasons) {
  JobsByEngine sorted;
  for (const JobInput& job : jobs) {
    if (job.spec.engine == EngineKind::LiveAvatar) {
      sorted.avatars.push_back(&job);
    } else if (auto reason = reason_against(profile, job)) {
      reasons.push_back(std::move(*reason));
    } else {
      sorted.slates.push_back(&job);
    }
  }
  return sorted;
}

}  // namespace

Plan make_plan(const Profile& profile, const std::vector<JobInput>& jobs, const SlotInventory& inventory) {
  Plan plan;
  plan.profile = profile.name;
  plan.groups = slate_groups(profile, inventory);
  if (plan.groups.empty()) {
    plan.reasons.push_back("there is no rank to work on the jobs; give --ranks 1 or more");
    return plan;
  }
  const JobsByEngine by_engine = sort_by_engine(profile, jobs, plan.reasons);
  for (GroupPlan& group : plan.groups) group.memory = {largest_slate_memory(by_engine.slates)};
  std::vector<const JobInput*> able = by_engine.slates;
  if (!by_engine.avatars.empty()) {
    for (std::string& reason : missing_gpus(profile, inventory)) plan.reasons.push_back(std::move(reason));
    AvatarNight night = group_for_avatars(profile, by_engine.avatars, by_engine.slates, inventory);
    plan.reasons.insert(plan.reasons.end(), night.reasons.begin(), night.reasons.end());
    able.insert(able.end(), night.able.begin(), night.able.end());
    if (!night.groups.empty()) plan.groups = std::move(night.groups);
  }
  const Night night = {static_cast<int>(able.size()), static_cast<int>(plan.groups.size()),
                       static_cast<int>(plan.groups.front().ranks.size()), clips_of(able)};
  for (const JobInput& job : jobs) {
    const bool is_able = std::find(able.begin(), able.end(), &job) != able.end();
    if (is_able) plan.jobs.push_back(plan_job(profile, job, night));
  }
  predict_times(plan);
  return plan;
}

std::int64_t clips_of(const std::vector<const JobInput*>& jobs) {
  std::int64_t clips = 0;
  for (const JobInput* job : jobs) clips += job->clips;
  return clips;
}

SlotInventory inventory_of_profile(const Profile& profile) {
  const bool has_gpus = profile.device == DeviceKind::Gpu;
  SlotInventory::Host host;
  host.name = profile.name;
  host.cpu_slots = profile.cpu_slots_per_node;
  host.gpus.assign(static_cast<std::size_t>(profile.gpus_per_node), {profile.gpu_name, profile.memory_bytes});
  const int ranks = has_gpus ? profile.gpus_per_node : profile.cpu_slots_per_node;
  for (int rank = 0; rank < ranks; ++rank) host.ranks.push_back(RankId{rank});
  return {{std::move(host)}};
}

}  // namespace longtake
