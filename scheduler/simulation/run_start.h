#pragma once

#include <vector>

#include "scheduler/core.h"
#include "scheduler/planner/plan.h"

namespace longtake {

/// What one engine group needs for a job's segments.
struct JobPace {
  double frames_per_second = 0;
  /// Frames that each segment costs besides its own: an engine of the model first makes the clip before it
  /// again, to fill its window of attention (docs/decisions/0017-windows-are-renewed.md).
  std::int64_t extra_frames = 0;

  double seconds_for(std::int64_t frames) const {
    return static_cast<double>(frames + extra_frames) / frames_per_second;
  }
};

/// What a simulated run starts from; set_up_run makes the same from a work directory.
struct RunStart {
  std::vector<RunJob> jobs;
  std::vector<JobPace> paces;  ///< one per job
  std::vector<RunGroup> groups;
};

/// Plans `inputs` over `cluster`. `known`: the jobs as the run before left them, in the same order; empty
/// for the first run. Throws Error{InvalidInput} with the plan's reasons when something cannot run.
RunStart start_of_run(const Profile& profile, const std::vector<JobInput>& inputs,
                      const SlotInventory& cluster, const std::vector<StoredJob>& known);

/// No schedule is shorter: all GPUs always busy, and every chain of segments one after the other.
struct LowerBound {
  double all_work_s = 0;       ///< GPU-seconds of all segments, each made once
  double work_per_gpu_s = 0;   ///< the same over all GPUs
  double longest_chain_s = 0;  ///< of the segments of one range

  double seconds() const { return work_per_gpu_s > longest_chain_s ? work_per_gpu_s : longest_chain_s; }
};

/// Of the segments that are not finished, on `gpus` in all.
LowerBound lower_bound_of(const RunStart& start, std::size_t gpus);

}  // namespace longtake
