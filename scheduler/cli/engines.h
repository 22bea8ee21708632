#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "jobs/job_spec.h"

namespace longtake {

/// The engine programs that jobs may use, by the name they use.
std::map<std::string, std::filesystem::path> engine_programs();

/// Throws ProblemsFound with every job whose engine is not installed.
void require_engines(const std::vector<JobSpec>& jobs);

/// Throws ProblemsFound with every job whose engine needs a checkpoint and that has none: it names none, and
/// there is no bundled one.
void require_models(const std::vector<JobSpec>& jobs);

}  // namespace longtake
