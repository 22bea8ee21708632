#pragma once

namespace longtake {

/// The whole command line: parses, runs one command, returns the exit code. Throws nothing.
int run_program(int argc, char** argv);

}  // namespace longtake
