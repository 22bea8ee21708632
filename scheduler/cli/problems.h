#pragma once

#include "scheduler/cli/configs.h"
#include "scheduler/cli/run_result.h"

namespace longtake {

/// Inside a catch block: what is being handled, as lines on standard error and as a result with the exit
/// code of its kind: 2 when the user must change something (bad input, a full disk), else 1.
RunResult failure_of_current_exception();

}  // namespace longtake
