#pragma once

#include "scheduler/cli/options.h"

/// One function per command. Each returns the exit code, and throws Error or ProblemsFound, which
/// main turns into lines on standard error and an exit code.
namespace longtake {

int run_command(const CliOptions& options, int argc, char** argv);
int plan_command(const CliOptions& options, int argc, char** argv);
int rehearse_command(const CliOptions& options, int argc, char** argv);
int check_command(const CliOptions& options, int argc, char** argv);
int doctor_command(const CliOptions& options, int argc, char** argv);
int submit_command(const CliOptions& options, int argc, char** argv);
int simulate_command(const CliOptions& options, int argc, char** argv);
int status_command(const CliOptions& options);
int explain_command(const CliOptions& options);
int drain_command(const CliOptions& options);
int redo_command(const CliOptions& options);

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUser = 2;
inline constexpr int kExitRunAgain = 75;

}  // namespace longtake
