#pragma once

#include "scheduler/cli/options.h"

namespace CLI {
class App;
}

namespace longtake {

/// Adds what is typed behind `longtake submit`, besides --work-dir and --json.
void add_submit_options(CLI::App& command, CliOptions& options);

}  // namespace longtake
