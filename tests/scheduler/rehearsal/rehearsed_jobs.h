#pragma once

#include <string>
#include <vector>

#include "scheduler/planner/plan.h"
#include "scheduler/rehearsal/stage_trial.h"
#include "tests/scheduler/bundled_profiles.h"

namespace longtake {

/// A job of the published model at 688*368, for which there is no checkpoint.
inline JobInput published_job(const std::string& name) {
  JobInput job;
  job.spec.name = name;
  job.spec.engine = EngineKind::LiveAvatar;
  job.spec.model = "no-checkpoint";
  job.size = {368, 688};
  job.clips = 100;
  job.film_frames = 4800;
  job.model = published_model();
  return job;
}

struct Rehearsed {
  Profile profile;
  Plan plan;
  Rehearsal rehearsal;
};

inline Rehearsed rehearse(const std::string& profile_name, const std::vector<JobInput>& jobs) {
  Rehearsed rehearsed{bundled_profile(profile_name), {}, {}};
  rehearsed.plan = make_plan(rehearsed.profile, jobs, inventory_of_profile(rehearsed.profile));
  rehearsed.rehearsal = rehearsal_of(rehearsed.plan, jobs, rehearsed.profile, TrialPlace{2});
  return rehearsed;
}

}  // namespace longtake
