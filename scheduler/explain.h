#pragma once

#include <string>

#include "scheduler/run_status.h"

namespace longtake {

/// Why the job is not running or not finished, what its last event means, and what would help.
/// Throws Error{InvalidInput} listing the jobs that are there when `job` is not one of them.
std::string explain(const RunStatus& status, const std::string& job);

}  // namespace longtake
