#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/core.h"

namespace longtake {

/// A job whose ranges hold segments of so many clips each: {{8, 8}, {4}} is a range of 16 clips in two
/// segments and one of 4 clips. One clip is 48 frames. Segment ids are 1000 * id + 0, 1, ... in film order.
RunJob make_job(std::int64_t id, const std::vector<std::vector<int>>& ranges, int priority = 0);

/// The same job, made by groups of so many ranks.
RunJob in_stages(RunJob job, int stages);

/// The n-th segment of the film.
StoredSegment& segment_of(StoredJob& job, std::size_t position);
void mark_finished(RunJob& job, std::size_t position);
SegmentFacts facts_for(std::int64_t frames);

/// Groups 0, 1, ... of one rank each.
std::vector<RunGroup> single_ranks(int count);

template <class T>
std::vector<T> changes_of(const Actions& actions) {
  std::vector<T> found;
  for (const Change& change : actions.changes) {
    if (const T* one = std::get_if<T>(&change)) found.push_back(*one);
  }
  return found;
}

/// The ranks that are sent a message of type T, in order.
template <class T>
std::vector<std::int64_t> receivers_of(const Actions& actions) {
  std::vector<std::int64_t> ranks;
  for (const Outgoing& outgoing : actions.sends) {
    if (std::holds_alternative<T>(outgoing.message)) ranks.push_back(outgoing.to.value);
  }
  return ranks;
}

/// A scheduler core driven by hand at a time that only wait() moves. Every handler's actions are
/// returned, and the order that each rank holds is remembered.
class CoreRun {
 public:
  CoreRun(std::vector<RunJob> jobs, std::vector<RunGroup> groups, CoreLimits limits = {});

  /// on_started, then every rank joins.
  Actions start();
  Actions start_without_ranks();
  Actions join(std::int64_t rank);
  Actions alive(std::int64_t rank);
  /// It says that it holds `attempt`, whatever it was given.
  Actions alive_with(std::int64_t rank, AttemptId attempt);
  Actions leave(std::int64_t rank);

  /// What the rank's current order leads to.
  Actions progress(std::int64_t rank, std::int64_t frames);
  Actions finish(std::int64_t rank);
  Actions finish_cut(std::int64_t rank, std::int64_t clips);
  Actions fail(std::int64_t rank, ErrorKind kind, const std::string& message = "made up");
  /// Its engine ends before it has the segment.
  Actions fail_start(std::int64_t rank);
  Actions give_up(std::int64_t rank);
  Actions stage_done(std::int64_t rank);

  Actions film_joined(std::int64_t job);
  Actions film_segment_bad(std::int64_t job, std::size_t position);
  Actions film_failed(std::int64_t job, ErrorKind kind);
  Actions drain();
  Actions disk_full();
  Actions disk_has_room();
  /// Ranks that are joined say that they are alive, then time goes by and the clock ticks.
  Actions wait(std::int64_t ms);
  /// Only the clock ticks; nobody is heard.
  Actions tick_after(std::int64_t ms);

  Actions keep(Actions actions);

  /// The order the rank holds. It must hold one.
  const SegmentOrder& order(std::int64_t rank) const { return orders_.at(rank); }
  bool has_order(std::int64_t rank) const { return orders_.count(rank) == 1; }
  Interval clips(std::int64_t rank) const { return order(rank).clips; }
  std::string job_of(std::int64_t rank) const { return order(rank).job; }
  AttemptFinished finished_report(std::int64_t rank) const;
  /// Of its first clips only.
  AttemptFinished cut_report(std::int64_t rank, std::int64_t clips) const;
  AttemptFailed failed_report(std::int64_t rank, ErrorKind kind) const;

  std::int64_t now_ms() const { return now_ms_; }
  /// The exit code of the last EndRun, if there was one.
  std::optional<int> exit_code() const { return exit_code_; }
  std::string end_message() const { return end_message_; }
  /// All changes so far.
  const std::vector<Change>& changes() const { return changes_; }
  SchedulerCore& core() { return core_; }

 private:
  std::vector<RankId> ranks_;
  SchedulerCore core_;
  std::int64_t now_ms_ = 1'700'000'000'000;
  std::map<std::int64_t, SegmentOrder> orders_;
  std::vector<Change> changes_;
  std::optional<int> exit_code_;
  std::string end_message_;
};

inline const Epoch kEpoch{7};

}  // namespace longtake
