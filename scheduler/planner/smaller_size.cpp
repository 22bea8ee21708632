#include "scheduler/planner/smaller_size.h"

#include "scheduler/planner/avatar_groups.h"
#include "scheduler/planner/layout_choice.h"
#include "scheduler/planner/slate_cost.h"

namespace longtake {
namespace {

std::int64_t area_of(FrameSize size) { return std::int64_t{size.height} * size.width; }

std::int64_t least_peak_bytes(const Profile& profile, const JobInput& job, int most_ranks) {
  if (!job.model) return slate_memory(job.size, job.spec.settings.infer_frames).total_bytes();
  return peak_bytes(leanest_layout(demand_of(profile, job), most_ranks).memory);
}

}  // namespace

std::optional<FrameSize> next_smaller_size(const Profile& profile, const JobInput& job, FrameSize image,
                                           int most_ranks) {
  const std::int64_t failed_bytes = least_peak_bytes(profile, job, most_ranks);
  JobInput smaller = job;
  while (const auto size = output_size(image, area_of(smaller.size) - 1)) {
    smaller.size = *size;
    if (least_peak_bytes(profile, smaller, most_ranks) < failed_bytes) return size;
  }
  return std::nullopt;
}

}  // namespace longtake
