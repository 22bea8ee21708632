// status, explain, drain: they ask the running scheduler, or read what the last one left.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <thread>

#include "scheduler/cli/commands.h"
#include "scheduler/cli/console.h"
#include "scheduler/cli/run_result.h"
#include "scheduler/cli/watch_scheduler.h"
#include "scheduler/explain.h"

namespace longtake {
namespace {

constexpr std::chrono::milliseconds kWatchEvery{1000};
constexpr int kDrainPatience_ms = 3000;

constexpr int kIndent = 2;
constexpr int kOneLine = -1;

void print_status(const RunStatus& status, bool as_json, int indent = kIndent) {
  std::cout << (as_json ? json_text_of(status, indent) + "\n" : status_text(status)) << std::flush;
}

}  // namespace

int status_command(const CliOptions& options) {
  const WorkDir work_dir(work_dir_of(options));
  RunStatus status = status_of_work_dir(work_dir);
  if (!options.watch) {
    print_status(status, options.json);
    return kExitDone;
  }
  const bool is_redrawn = ::isatty(STDOUT_FILENO) == 1 && !options.json;
  while (status.is_running) {
    if (is_redrawn) std::cout << "\033[H\033[2J";
    print_status(status, options.json, kOneLine);
    std::this_thread::sleep_for(kWatchEvery);
    status = status_of_work_dir(work_dir);
  }
  print_status(status, options.json, kOneLine);
  return kExitDone;
}

int explain_command(const CliOptions& options) {
  const std::string sentence = explain(status_of_work_dir(WorkDir(work_dir_of(options))), options.job);
  std::cout << (options.json ? json_text_of({{"job", options.job}, {"explanation", sentence}}) : sentence)
            << '\n';
  return kExitDone;
}

int drain_command(const CliOptions& options) {
  const WorkDir work_dir(work_dir_of(options));
  const auto scheduler = find_scheduler(work_dir);
  if (!scheduler) {
    throw Error(ErrorKind::InvalidInput,
                "nothing runs in " + work_dir.root().string() + ": nothing to drain");
  }
  const DrainAsked request{"longtake drain, pid " + std::to_string(::getpid())};
  if (!ask_scheduler(*scheduler, request, kDrainPatience_ms)) {
    throw Error(ErrorKind::Io, "the scheduler (" + describe(*scheduler) + ") does not answer");
  }
  std::cerr << "longtake: draining " << describe(*scheduler) << "\n";
  while (find_scheduler(work_dir)) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const RunStatus status = status_of_work_dir(work_dir);
  print_status(status, options.json);
  return kExitDone;
}

}  // namespace longtake
