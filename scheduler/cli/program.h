#pragma once

#include "scheduler/cli/options.h"

namespace longtake {

/// The commands that read media or launch ranks. `longtake` hands them over to the program that links
/// what they need; all others it does itself, within milliseconds.
struct JobCommands {
  int (*run)(const CliOptions& options, int argc, char** argv);
  int (*plan)(const CliOptions& options, int argc, char** argv);
  int (*rehearse)(const CliOptions& options, int argc, char** argv);
  int (*check)(const CliOptions& options, int argc, char** argv);
  int (*submit)(const CliOptions& options, int argc, char** argv);
  int (*doctor)(const CliOptions& options, int argc, char** argv);
  int (*simulate)(const CliOptions& options, int argc, char** argv);
};

/// The whole command line: parses, runs one command, returns the exit code. Throws nothing.
int run_program(const JobCommands& job_commands, int argc, char** argv);

}  // namespace longtake
