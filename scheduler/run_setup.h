#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "scheduler/core.h"
#include "scheduler/film_finisher.h"
#include "scheduler/planner/plan.h"
#include "scheduler/prepare.h"
#include "scheduler/work_record.h"
#include "storage/job_store.h"
#include "storage/work_dir.h"

namespace longtake {

/// Everything a run starts from.
struct RunSetup {
  Plan plan;
  std::vector<RunJob> jobs;
  std::vector<RunGroup> groups;
  std::map<JobId, FilmOrder> films;
  std::vector<EventNoted> notes;  ///< what was found on the disk; already saved
};

/// Plans the jobs over the ranks, adds new ones to the database, and brings those it knows together
/// with what is on the disk. A known job keeps its ranges and segments, whatever the ranks are now, and the
/// size it is made at; layouts for which it had too little memory with this profile are not planned again.
/// Throws Error{InvalidInput} when something cannot run, or when a job of the same name but another
/// identity is in the database.
RunSetup set_up_run(const Profile& profile, std::vector<PreparedJob> prepared,
                    const std::vector<RankHardware>& ranks, const WorkDir& work_dir, JobStore& store,
                    Epoch epoch, std::int64_t now_ms);

/// The ranks as the planner sees them, by host.
SlotInventory inventory_of(const std::vector<RankHardware>& ranks);

}  // namespace longtake
