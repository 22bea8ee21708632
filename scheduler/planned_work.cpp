#include "scheduler/planned_work.h"

#include <algorithm>

#include "jobs/error.h"

namespace longtake {

std::vector<StoredRange> ranges_of(const JobPlan& plan) {
  std::vector<StoredRange> ranges;
  for (const RangePlan& range : plan.ranges) {
    StoredRange stored;
    stored.clips = range.clips;
    for (const Interval clips : range.segments) {
      StoredSegment segment;
      segment.clips = clips;
      stored.segments.push_back(segment);
    }
    ranges.push_back(std::move(stored));
  }
  return ranges;
}

SegmentsByRange segments_of(const StoredJob& job) {
  SegmentsByRange ranges;
  for (const StoredRange& range : job.ranges) {
    ranges.emplace_back();
    for (const StoredSegment& segment : range.segments) ranges.back().push_back(segment.clips);
  }
  return ranges;
}

std::vector<RunGroup> groups_of(const Plan& plan) {
  std::vector<RunGroup> groups;
  for (const GroupPlan& group : plan.groups) groups.push_back({group.group, group.ranks, group.host});
  return groups;
}

void refuse_what_cannot_run(const Plan& plan) {
  if (plan.fits()) return;
  constexpr std::size_t kMostReasons = 20;  // thousands of films may have the same one
  std::string reasons;
  for (std::size_t r = 0; r < std::min(kMostReasons, plan.reasons.size()); ++r) {
    reasons += (r == 0 ? "" : "\n") + plan.reasons[r];
  }
  if (plan.reasons.size() > kMostReasons) {
    reasons += "\nand " + std::to_string(plan.reasons.size() - kMostReasons) + " more";
  }
  throw Error(ErrorKind::InvalidInput, reasons);
}

}  // namespace longtake
