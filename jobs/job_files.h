#pragma once

#include <filesystem>
#include <vector>

#include "jobs/job_spec.h"

namespace longtake {

/// All jobs of one command, in the order given. Besides what parse_job finds in each file: files given
/// twice, names and outputs used twice. The jobs are fit for use only when no problem was added.
std::vector<JobSpec> load_jobs(const std::vector<std::filesystem::path>& files, const PresetLibrary& presets,
                               const JobOverrides& overrides, std::vector<Problem>& problems);

}  // namespace longtake
