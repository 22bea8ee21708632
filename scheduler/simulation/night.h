#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "scheduler/core.h"
#include "scheduler/planner/plan.h"
#include "scheduler/simulation/faults.h"
#include "scheduler/simulation/film_thread.h"
#include "scheduler/simulation/run_start.h"
#include "scheduler/simulation/simulated_cluster.h"
#include "scheduler/simulation/usage_timeline.h"

/// A night on a cluster that need not exist: the planner and the scheduler's core as they are, with ranks
/// that only take time, and faults.
namespace longtake {

struct NightProgress {
  std::int64_t now_ms = 0;  ///< since the night's beginning
  std::int64_t frames_done = 0;
  std::int64_t frames = 0;
};

struct Night {
  Profile profile;
  std::vector<JobInput> jobs;
  SlotInventory cluster;         ///< ranks 0, 1, ... in the order of the hosts
  double frames_per_second = 0;  ///< of one group, for every job; 0: as planned
  ClusterPace pace;
  FinishingPace finishing;
  double requeue_min = 5;  ///< from the end of a run that was cut short to its next start
  std::uint64_t seed = 1;  ///< of how long segments take
  FaultSource next_fault;  ///< empty: there are none
  std::function<void(const NightProgress&)> on_progress;  ///< may be empty; once a simulated minute
};

struct AttemptCounts {
  std::int64_t started = 0;
  std::int64_t finished = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;
  std::int64_t lost = 0;
};

struct FaultCounts {
  std::int64_t gpus = 0;
  std::int64_t nodes = 0;
  std::int64_t preemptions = 0;
};

struct NightResult {
  int exit_code = 0;
  std::string message;
  std::size_t gpus = 0;
  std::size_t nodes = 0;
  std::size_t groups = 0;  ///< of the first run
  std::size_t jobs = 0;
  std::size_t jobs_failed = 0;
  std::size_t ranges = 0;
  std::size_t segments = 0;  ///< as first planned
  std::int64_t frames = 0;
  LowerBound bound;
  std::int64_t makespan_ms = 0;     ///< until the last segment
  std::int64_t films_ready_ms = 0;  ///< until the last film is joined
  int starts = 0;                   ///< runs that the night took
  AttemptCounts attempts;
  FaultCounts faults;
  UsageTimeline usage;

  /// The share of all GPUs' time until the last segment that went into what was kept.
  double utilisation() const;
  /// Makespan over lower bound, less 1.
  double overhead() const;
};

/// Simulates the night to its end. The same values give the same result. Throws Error{InvalidInput} when the
/// plan has reasons against it.
NightResult simulate(const Night& night);

}  // namespace longtake
