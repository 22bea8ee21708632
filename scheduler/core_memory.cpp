// SchedulerCore, the part about too little memory: larger groups, then, for a job that allows it, a smaller
// size (docs/decisions/0023-out-of-memory.md).
#include <limits>

#include "jobs/model/memory_model.h"
#include "scheduler/core.h"
#include "scheduler/size_used.h"

namespace longtake {

/// What the prediction said would fit did not. False when the job cannot go on.
bool SchedulerCore::go_on_with_less_memory(const Attempt& attempt, const std::string& where,
                                           std::int64_t now_ms, Actions& actions) {
  const std::size_t index = ranges_[attempt.range].job;
  Job& job = jobs_[index];
  if (is_final(job.stored.state)) return false;
  const int sharing = static_cast<int>(attempt.ranks.size());
  if (sharing < job.least_ranks) return true;  // another of its attempts has found that out before
  const JobShare& share = *attempt.share;
  actions.changes.push_back(MemoryRanOut{job.stored.id, description_of(share.layout), job.stored.size,
                                         share.memory.empty() ? 0 : peak_bytes(share.memory), now_ms});
  if (take_next_layout(job, sharing, now_ms)) {
    note("job", job.stored.name,
         where + ": there is too little memory for " + description_of(share.layout) + ", going on as " +
             description_of(job.shares.at(job.least_ranks).layout),
         now_ms, actions);
    return true;
  }
  if (!job.smaller) return false;
  leave_for_smaller_size(index, where, now_ms, actions);
  return true;
}

/// False when there is none for more than `sharing` ranks, or no host has so many.
bool SchedulerCore::take_next_layout(Job& job, int sharing, std::int64_t now_ms) {
  const auto next = job.shares.upper_bound(sharing);
  if (next == job.shares.end()) return false;
  job.least_ranks = next->first;
  return has_group_for(job) || hold_groups_for(next->first, now_ms);
}

/// The next run makes the job anew, from an image that is framed anew. In this one no group is large enough
/// for it.
void SchedulerCore::leave_for_smaller_size(std::size_t index, const std::string& where, std::int64_t now_ms,
                                           Actions& actions) {
  Job& job = jobs_[index];
  StoredJob& stored = job.stored;
  job.least_ranks = std::numeric_limits<int>::max();
  job.is_left_for_smaller_size = true;
  const std::string what = "ran out of memory at " + text_of(stored.size) + ", goes on at " +
                           text_of(*job.smaller) + " in the next run";
  for (auto& [id, attempt] : running_) {
    if (ranges_[attempt.range].job == index) cancel(attempt, actions);
  }
  for (const StoredRange& range : stored.ranges) {
    for (const StoredSegment& segment : range.segments) {
      if (segment.state == SegmentState::Finished)
        actions.changes.push_back(SegmentReopened{segment.id, "made again: the job " + what});
    }
  }
  actions.changes.push_back(JobResized{stored.id, *job.smaller});
  move_job(index, JobState::Pending, what + " (on_oom: smaller_size)", now_ms, actions);
  note("job", stored.name, where + ": " + stored.message, now_ms, actions);
}

/// A segment that was finished when it was told to stop. Its file goes when the next run starts.
Actions SchedulerCore::refuse_old_size(const AttemptFinished& report, std::int64_t now_ms) {
  return on_attempt_failed({report.epoch, report.attempt, report.rank, ErrorKind::OutOfMemory,
                            "there is no use for it at this size any more", /*cancelled=*/true},
                           now_ms);
}

/// "talk ran out of memory at 704*384, ...": of all such jobs; empty when there is none.
std::string SchedulerCore::jobs_left_for_smaller_sizes() const {
  std::string text;
  for (const Job& job : jobs_) {
    if (!job.is_left_for_smaller_size) continue;
    text += (text.empty() ? "" : "; ") + job.stored.name + " " + job.stored.message;
  }
  return text;
}

}  // namespace longtake
