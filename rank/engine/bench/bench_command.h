#pragma once

namespace longtake {

/// `longtake-engine bench ARGUMENTS`: JSON to standard output, text for people and the one line of a problem
/// to standard error. Returns the exit code: 0 measured, 1 it failed, 2 the user must change something.
int bench_command(int argument_count, const char* const* arguments);

}  // namespace longtake
