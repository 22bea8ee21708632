#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "rank/hardware.h"
#include "rank/launch/mpirun_command.h"
#include "rank/launch/srun_command.h"
#include "rank/launch/start_deadline.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/configs.h"
#include "scheduler/cli/console.h"
#include "scheduler/cli/deadline.h"
#include "scheduler/cli/duration.h"
#include "scheduler/cli/engines.h"
#include "scheduler/cli/environment.h"
#include "scheduler/cli/launcher.h"
#include "scheduler/cli/rank_side.h"
#include "scheduler/cli/run_result.h"
#include "scheduler/cli/slots.h"
#include "scheduler/cli/watch_scheduler.h"
#include "scheduler/no_progress.h"
#include "scheduler/prepare.h"
#include "scheduler/run_clock.h"

namespace longtake {
namespace {

/// For a predecessor that was killed and is still ending.
constexpr std::chrono::seconds kPredecessorPatience{5};
/// For a scheduler that is still ending when its launcher is gone.
constexpr int kLockPatience_ms = 5000;

/// The ranks are not to count 7h30m anew.
void pass_deadline_on(const std::optional<Deadline>& deadline) {
  if (deadline) ::setenv(kDeadlineVariable, std::to_string(deadline->at_ms / 1000).c_str(), 1);
}

void refuse_second_run(const WorkDir& work_dir) {
  const auto deadline = std::chrono::steady_clock::now() + kPredecessorPatience;
  while (const auto other = find_living_scheduler(work_dir)) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error(ErrorKind::InvalidInput, "a run is on in " + work_dir.root().string() + " (" +
                                               describe(*other) +
                                               "): wait for it, stop it with longtake drain, or use another "
                                               "--work-dir");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

/// Everything that can be refused is refused here, before a process is started.
void prepare_or_refuse(const CliOptions& options, const std::vector<Gpu>& gpus) {
  const Profile profile = load_profile_of(options, gpus);
  const std::vector<JobSpec> specs = load_jobs_of(options);
  require_engines(specs);
  require_models(specs);
  const WorkDir work_dir(work_dir_of(options));
  refuse_second_run(work_dir);
  const bool is_terminal = is_progress_on_terminal();
  std::vector<Problem> problems;
  prepare_jobs(specs, work_dir, profile.device, problems, [&](const std::string& what, double seconds) {
    if (is_terminal)
      std::fprintf(stderr, "\r\033[Kreading %s: %s", what.c_str(), duration_text(seconds).c_str());
  });
  if (is_terminal) std::fprintf(stderr, "\r\033[K");
  if (!problems.empty()) throw ProblemsFound{problems};
}

LaunchOptions launch_options(const CliOptions& options, const RankHardware& hardware, int argc, char** argv) {
  LaunchOptions launch;
  const DeviceKind device = load_profile_of(options, hardware.gpus).device;
  launch.ranks = options.ranks ? *options.ranks : slots_for(options, device, hardware);
  launch.processors = hardware.cpu_slots;
  launch.is_root = ::geteuid() == 0;
  launch.exported_variables = {kResultFileVariable, kUnderLauncherVariable};
  for (const char* name : {"LONGTAKE_TERMINAL", "LONGTAKE_CONFIGS", "LONGTAKE_SLATE_FONT", kDeadlineVariable,
                           kStartLimitVariable}) {
    if (std::getenv(name) != nullptr) launch.exported_variables.emplace_back(name);
  }
  launch.program = {std::filesystem::read_symlink("/proc/self/exe").string()};
  launch.program.insert(launch.program.end(), argv + 1, argv + argc);
  return launch;
}

std::string launcher_of(const CliOptions& options) {
  return options.launch.empty() ? "mpirun" : options.launch;
}

std::vector<std::string> command_that_starts(const LaunchOptions& ranks, const std::string& launcher) {
  return launcher == "srun" ? srun_command(ranks, environment()) : mpirun_command(ranks);
}

/// How this start ends before it begins, when that is so; then it has a row of its own.
std::optional<EndRun> end_at_once(const WorkDir& work_dir, const std::string& profile) {
  std::error_code none;
  if (!std::filesystem::exists(work_dir.database(), none)) return std::nullopt;
  try {
    JobStore store = JobStore::open(work_dir.database(), kLockPatience_ms);
    const std::optional<EndRun> end = judge_start(store, profile);
    if (!end) return std::nullopt;
    const std::int64_t now_ms = RunClock().now_ms();
    store.end_run(store.begin_run("", ::getpid(), profile, now_ms), end->exit_code, end->message, now_ms);
    return end;
  } catch (const Error&) {  // the scheduler will find it too, and say it
    return std::nullopt;
  }
}

/// What rank 0 left; without it the scheduler did not live to the end.
std::optional<RunResult> take_result(const std::filesystem::path& file) {
  std::ifstream stream(file);
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  std::error_code none;
  std::filesystem::remove(file, none);
  if (!json.is_object()) return std::nullopt;
  return json.get<RunResult>();
}

/// Ends a start in place of its scheduler, or writes one down that was killed before it had a row.
EndRun end_killed_start(const WorkDir& work_dir, const std::string& profile, const std::string& launcher,
                        std::int64_t launched_ms) {
  const EndRun killed{
      kExitRunAgain,
      "the scheduler or " + launcher + " was killed; nothing that was committed is lost, run again to go on"};
  try {
    JobStore store = JobStore::open(work_dir.database(), kLockPatience_ms);
    const std::optional<StoredRun> newest = store.newest_run();
    const bool is_ours = newest && newest->started_at >= utc_text(launched_ms);
    // A scheduler that ends its start leaves its result: this one is of a run that came after the killed one.
    if (is_ours && newest->exit_code) return killed;
    const std::int64_t now_ms = RunClock().now_ms();
    const Epoch epoch = is_ours ? newest->epoch : store.begin_run("", ::getpid(), profile, launched_ms);
    const EndRun end = judge_end(store, killed);
    store.end_run(epoch, end.exit_code, end.message, now_ms);
    return end;
  } catch (const Error&) {  // locked by what is still dying, or no disk: the next start finds it unfinished
    return killed;
  }
}

RunResult result_of(const EndRun& end, const WorkDir& work_dir) {
  return {end.exit_code, end.message, work_dir.root().string(), 0, {}, {}};
}

/// When ranks that do not say that they listen have ended by themselves, or could not write that file: each
/// of their two steps until then has its limit.
std::chrono::steady_clock::time_point latest_listening() {
  return std::chrono::steady_clock::now() +
         2 * std::chrono::seconds(start_limit_s(std::getenv(kStartLimitVariable)));
}

bool ranks_listen(const std::filesystem::path& result_file, std::chrono::steady_clock::time_point latest) {
  std::error_code none;
  return std::filesystem::exists(result_file, none) || std::chrono::steady_clock::now() >= latest;
}

/// The launcher's own exit code tells nothing: srun gives the highest of its ranks, mpirun 0.
RunResult launch_and_wait(const CliOptions& options, const RankHardware& hardware, int argc, char** argv) {
  const WorkDir work_dir(work_dir_of(options));
  const std::string profile = load_profile_of(options, hardware.gpus).name;
  if (const auto end = end_at_once(work_dir, profile)) return result_of(*end, work_dir);
  const std::filesystem::path result_file =
      work_dir.root() / ("result-" + std::to_string(::getpid()) + ".json");
  std::error_code none;
  std::filesystem::remove(result_file, none);  // of a killed run whose number is ours now
  ::setenv(kResultFileVariable, result_file.c_str(), 1);
  ::setenv(kUnderLauncherVariable, "1", 1);
  if (::isatty(STDERR_FILENO) == 1) ::setenv("LONGTAKE_TERMINAL", "1", 1);
  const std::int64_t launched_ms = RunClock().now_ms();
  const std::string launcher = launcher_of(options);
  run_child(command_that_starts(launch_options(options, hardware, argc, argv), launcher),
            {[&, latest = latest_listening()] { return ranks_listen(result_file, latest); }});
  if (auto result = take_result(result_file)) return *result;
  return result_of(end_killed_start(work_dir, profile, launcher, launched_ms), work_dir);
}

}  // namespace

int run_command(const CliOptions& options, int argc, char** argv) {
  if (is_under_mpi_launcher(environment())) return run_as_rank(options);
  const RankHardware hardware = probe_hardware();
  ::unsetenv(kDeadlineVariable);  // of another run, which started this one
  drain_ms_of(options.drain_time);
  end_reserve_ms_of(options.end_reserve);
  start_limit_s(std::getenv(kStartLimitVariable));
  pass_deadline_on(deadline_here(options.deadline));
  prepare_or_refuse(options, hardware.gpus);
  const RunResult result = launch_and_wait(options, hardware, argc, argv);
  print_result(result, options.json);
  return result.exit_code;
}

}  // namespace longtake
