#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/planner/plan.h"
#include "scheduler/planner/profile.h"

/// What is tried before a night: every distinct stage of its plan, each by an engine of its own, on a machine
/// that need have one GPU only. Pure: the engines are started by the command.
namespace longtake {

/// One engine of the plan, to be tried by itself on synthetic inputs.
struct StageTrial {
  std::string what;                    ///< "evening-news, engine 0 of 4: layers 0:10"
  std::vector<std::string> arguments;  ///< of `longtake-engine bench`
  std::int64_t predicted_bytes = 0;
  std::int64_t transport_bytes = 0;  ///< of these: for its neighbours, which it has none of here
  std::int64_t capacity_bytes = 0;   ///< what a plan gives an engine of this profile
};

/// Which trial stands for which stage of a job.
struct JobTrials {
  std::size_t job = 0;              ///< of the plan
  std::vector<std::size_t> stages;  ///< a trial for each stage of its layout
};

struct Rehearsal {
  std::vector<StageTrial> trials;
  std::vector<JobTrials> jobs;  ///< those that a model makes
};

/// What a trial knows about its surroundings.
struct TrialPlace {
  int threads = 1;  ///< that an engine without a GPU computes with
};

/// Equal stages are tried once. `inputs` are those that `plan` was made from. Throws Error{InvalidInput} for
/// a checkpoint that has weights but not all.
Rehearsal rehearsal_of(const Plan& plan, const std::vector<JobInput>& inputs, const Profile& profile,
                       const TrialPlace& place);

/// The longest that a trial may take: the profile's time for loading, and some blocks.
std::int64_t longest_trial_s(const Profile& profile);

}  // namespace longtake
