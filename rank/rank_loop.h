#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>

#include "jobs/messages.h"
#include "rank/rank_core.h"
#include "rank/scheduler_link.h"
#include "rank/spawn.h"

namespace longtake {

struct RankOptions {
  RankHardware hardware;
  /// Engine programs by the name jobs use: {"slate", ".../longtake-slate"}.
  std::map<std::string, std::filesystem::path> engines;
  /// Of every engine, besides what chooses its GPU: what the profile says about devices and transports.
  Environment engine_environment{};
  /// Existing folder for engine-<rank>.log, what engines print; empty: they print to our standard error.
  std::filesystem::path log_folder;
  /// Readable end of a pipe into which the program's signal handler writes each signal's number as one
  /// byte; -1 for none. SIGTERM makes the rank leave. Others mean nothing to it: it goes on until the
  /// scheduler, which drains, says LeaveRun.
  int signals = -1;
  /// getppid() as the program found it at its start. The rank leaves when its parent is another one later.
  pid_t launcher = 0;
  RankLimits limits;
};

/// Joins the run and does what the scheduler says until it is over; no engine runs when this returns.
/// Call it from a thread that lives as long as it does (see EngineProcess).
RankExit run_rank(const RankOptions& options, SchedulerLink& scheduler);

}  // namespace longtake
