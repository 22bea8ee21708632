#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "jobs/clip_math.h"
#include "jobs/cut_points.h"
#include "jobs/ids.h"
#include "jobs/interval.h"
#include "jobs/job_spec.h"
#include "jobs/layout.h"
#include "jobs/messages.h"
#include "jobs/model/model_shape.h"
#include "scheduler/planner/profile.h"

/// What would run where. Pure: the same values give the same plan.
namespace longtake {

/// The ranks of a run and the hardware they are in charge of.
struct SlotInventory {
  struct Host {
    std::string name;
    int cpu_slots = 0;
    std::vector<Gpu> gpus;
    std::vector<RankId> ranks;
  };
  std::vector<Host> hosts;
};

/// The segments of each range of a job, in order.
using SegmentsByRange = std::vector<std::vector<Interval>>;

/// One job, prepared: what is known once its recording and its image have been read.
struct JobInput {
  JobSpec spec;
  FrameSize size;
  std::int64_t film_frames = 0;
  std::int64_t clips = 0;
  std::optional<ModelShape> model;  ///< of engine liveavatar
  LoudnessCurve loudness;
  /// The least predicted peak for which there was too little memory with this profile; nullopt: none. No
  /// layout that needs as much is planned.
  std::optional<std::int64_t> ran_out_at_bytes;
  /// Of a job that was begun before: it keeps its cuts, however many ranks there are now.
  std::optional<SegmentsByRange> fixed_segments;
};

struct GroupPlan {
  GroupId group;
  std::vector<RankId> ranks;  ///< one per stage of the layout
  std::string host;
  Layout layout;                    ///< of the job of the night that needs most; others may have another one
  std::vector<StageMemory> memory;  ///< per stage, for that job
  std::int64_t capacity_bytes = 0;  ///< what each stage may use
};

struct RangePlan {
  Interval clips;
  std::vector<Interval> segments;
};

struct JobPlan {
  std::string name;
  EngineKind engine = EngineKind::Slate;
  FrameSize size;
  std::int64_t film_frames = 0;
  std::int64_t clips = 0;
  int infer_frames = 48;
  int segment_clips = 0;            ///< of all segments but the last of a range
  Layout layout;                    ///< in each of the groups; without stages for a slate
  std::vector<StageMemory> memory;  ///< per stage
  std::vector<RangePlan> ranges;
  double frames_per_second = 0;  ///< of one group
  double seconds = 0;            ///< from the start of the night to this job's last frame
};

struct Plan {
  std::string profile;
  std::vector<GroupPlan> groups;
  std::vector<JobPlan> jobs;         ///< those that can run, in the order given
  double seconds = 0;                ///< the whole night; longest chains are begun first
  std::vector<std::string> reasons;  ///< why something cannot run, and the nearest settings that could

  bool fits() const { return reasons.empty(); }
};

Plan make_plan(const Profile& profile, const std::vector<JobInput>& jobs, const SlotInventory& inventory);

/// Of all of them.
std::int64_t clips_of(const std::vector<const JobInput*>& jobs);

/// One node as the profile describes it, a rank per slot: for planning without the hardware.
SlotInventory inventory_of_profile(const Profile& profile);

/// Aligned text for people.
std::string to_table(const Plan& plan);

/// The same and every segment; docs/formats.md shows one.
nlohmann::json to_json(const Plan& plan);

}  // namespace longtake
