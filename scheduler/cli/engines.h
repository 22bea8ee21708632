#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "jobs/job_spec.h"

namespace longtake {

/// The engine programs by the name that jobs use, installed beside this one or not.
std::map<std::string, std::filesystem::path> engine_programs();

/// Throws ProblemsFound with every job whose engine is not there.
void require_engines(const std::vector<JobSpec>& jobs);

}  // namespace longtake
