// SchedulerCore, the part about attempts that failed: what is tried instead, and whom they are charged to.
#include <algorithm>

#include "scheduler/core.h"

namespace longtake {

void SchedulerCore::conclude_failure(AttemptId id, std::int64_t now_ms, Actions& actions) {
  Attempt attempt = running_.at(id);
  const bool goes_on_plainly = take_plain_transport(attempt);
  end_attempt(id, AttemptState::Failed, attempt.failure->kind, attempt.failure->message, now_ms, actions,
              std::max(attempt.peak_bytes, attempt.failure->peak_bytes));
  if (goes_on_plainly) {
    const Range& range = ranges_[attempt.range];
    note("attempt", jobs_[range.job].stored.name,
         "clips " + text_of(segment_at(range).clips) + ": " + attempt.failure->message, now_ms, actions);
    return;
  }
  charge(attempt, *attempt.failure, now_ms, actions);
}

/// Once for a group, which stays with it: the next order's engines are started for that. The message becomes
/// what the film's report keeps of it.
bool SchedulerCore::take_plain_transport(Attempt& attempt) {
  Group& group = groups_[attempt.group];
  if (attempt.failure->kind != ErrorKind::NotConnected || group.has_plain_transport) return false;
  group.has_plain_transport = true;
  std::string& message = attempt.failure->message;
  message = "group " + std::to_string(group.plan.id.value) + " on " + group.plan.host +
            " could not connect its engines: " + message + "; trying without peer-to-peer and InfiniBand";
  return true;
}

void SchedulerCore::charge(const Attempt& attempt, const AttemptFailed& report, std::int64_t now_ms,
                           Actions& actions) {
  Range& range = ranges_[attempt.range];
  const StoredSegment& segment = segment_at(range);
  const std::string where = "clips " + text_of(segment.clips);
  const std::string& name = jobs_[range.job].stored.name;
  note("attempt", name,
       where + " failed on rank " + std::to_string(report.rank.value) + ": " + report.message, now_ms,
       actions);
  switch (report.kind) {
    case ErrorKind::OutOfMemory:
      if (go_on_with_less_memory(attempt, where, now_ms, actions)) return;
      [[fallthrough]];
    case ErrorKind::InvalidInput:
    case ErrorKind::Bug:
      fail_job(range.job, report.kind, where + ": " + report.message, now_ms, actions);
      return;
    case ErrorKind::DiskFull: {
      Actions paused = on_disk_full(report.message, now_ms);
      actions.changes.insert(actions.changes.end(), paused.changes.begin(), paused.changes.end());
      return;
    }
    case ErrorKind::Io:
    case ErrorKind::DeviceLost:
    case ErrorKind::NotConnected:
      break;
  }
  range.last_failed_on = groups_[attempt.group].plan.id;
  if (!report.had_segment) return charge_start(attempt.group, report.message, now_ms, actions);
  ++range.failures;
  charge_group(attempt.group, segment.id, report.message, now_ms, actions);
  if (range.failures >= limits_.tries_per_segment) {
    fail_job(
        range.job, report.kind,
        where + " failed " + std::to_string(range.failures) + " times, the last time with: " + report.message,
        now_ms, actions);
    return;
  }
  if (report.kind != ErrorKind::Io) return;
  make_unready(attempt.range);
  paused_ranges_.emplace(now_ms + limits_.io_pause_ms, attempt.range);
}

void SchedulerCore::charge_group(std::size_t index, SegmentId segment, const std::string& message,
                                 std::int64_t now_ms, Actions& actions) {
  Group& group = groups_[index];
  group.failed.insert(segment);
  if (group.failed.size() < static_cast<std::size_t>(limits_.failures_per_group)) return;
  block(index, "failed " + std::to_string(group.failed.size()) + " segments in a row", message, now_ms,
        actions);
}

void SchedulerCore::charge_start(std::size_t index, const std::string& message, std::int64_t now_ms,
                                 Actions& actions) {
  const int failed = ++groups_[index].failed_starts;
  if (failed < limits_.failures_per_group) return;
  block(index, "could not start its engine " + std::to_string(failed) + " times in a row", message, now_ms,
        actions);
}

/// Of what was asked of its ranks they gave no answer: they went away, started over or never got it. That is
/// nobody's fault, but where it happens again and again nothing will ever be finished.
void SchedulerCore::lose_attempt(std::size_t index, const std::string& why, std::int64_t now_ms,
                                 Actions& actions) {
  Group& group = groups_[index];
  tell_to_cancel(group, actions);
  end_attempt(group.attempt, AttemptState::Lost, ErrorKind::DeviceLost, why, now_ms, actions);
  if (++group.lost_in_a_row < limits_.losses_per_group) return;
  block(index, "lost its attempt " + std::to_string(group.lost_in_a_row) + " times in a row", why, now_ms,
        actions);
}

void SchedulerCore::block(std::size_t index, const std::string& what, const std::string& message,
                          std::int64_t now_ms, Actions& actions) {
  Group& group = groups_[index];
  group.is_blocked = true;
  refresh_idle(index);
  for (const RankId rank : group.plan.ranks) mark_rank(rank, RankState::Blocked, message, now_ms, actions);
  note("rank", "",
       "group " + std::to_string(group.plan.id.value) + " on " + group.plan.host + " " + what +
           " and is not used any more in this run",
       now_ms, actions);
}

}  // namespace longtake
