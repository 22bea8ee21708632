#include <chrono>
#include <iostream>

#include "scheduler/cli/commands.h"
#include "scheduler/cli/run_result.h"
#include "scheduler/cli/watch_scheduler.h"
#include "scheduler/redo.h"
#include "scheduler/run_clock.h"

namespace longtake {
namespace {

constexpr int kPatience_ms = 200;

void print(const CliOptions& options, const RedoOutcome& outcome) {
  if (options.json) {
    std::cout << json_text_of(
                     {{"job", options.job}, {"segments", outcome.segments}, {"clips", outcome.clips}})
              << '\n';
    return;
  }
  std::cout << options.job << ": " << outcome.segments << (outcome.segments == 1 ? " segment" : " segments")
            << " forgotten, clips " << text_of(outcome.clips) << "; the next longtake run makes them again\n";
}

}  // namespace

int redo_command(const CliOptions& options) {
  const WorkDir work_dir(work_dir_of(options));
  const Interval clips = clips_from(options.clips);
  if (const auto scheduler = find_living_scheduler(work_dir)) {
    throw Error(ErrorKind::InvalidInput, "a run is on in " + work_dir.root().string() + " (" +
                                             describe(*scheduler) + "): stop it first with longtake drain");
  }
  if (!std::filesystem::exists(work_dir.database())) {
    throw Error(ErrorKind::InvalidInput, "no longtake run was in " + work_dir.root().string());
  }
  JobStore store = JobStore::open(work_dir.database(), kPatience_ms);
  print(options, forget_clips(store, work_dir, options.job, clips, RunClock().now_ms()));
  return kExitDone;
}

}  // namespace longtake
