#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "jobs/job_spec.h"
#include "jobs/problem.h"
#include "scheduler/cli/options.h"
#include "scheduler/planner/profile.h"

namespace longtake {

/// The folder with profiles/, presets/ and models/: LONGTAKE_CONFIGS, else share/longtake beside an installed
/// program, else the source tree's. Throws Error{InvalidInput} when there is none.
std::filesystem::path configs_folder();

/// The model that talks without any download, models/tiny; nullopt when it was not installed.
std::optional<std::filesystem::path> bundled_model();

/// The jobs and the profile that the options name; every problem of every file in one go. Jobs of Live Avatar
/// that name no model have the bundled one, and those that name no size the one their model was trained at.
/// Throws ProblemsFound.
std::vector<JobSpec> load_jobs_of(const CliOptions& options);
Profile load_profile_of(const CliOptions& options, const std::vector<Gpu>& gpus);

/// The user must change something; shown line by line, exit code 2.
struct ProblemsFound {
  std::vector<Problem> problems;
};

}  // namespace longtake
