#pragma once

#include "scheduler/cli/options.h"

namespace CLI {
class App;
}

namespace longtake {

/// Adds what is typed behind `longtake simulate`, besides --json.
void add_simulate_options(CLI::App& command, CliOptions& options);

}  // namespace longtake
