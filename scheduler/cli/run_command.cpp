#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "rank/hardware.h"
#include "rank/launch/mpirun_command.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/configs.h"
#include "scheduler/cli/console.h"
#include "scheduler/cli/engines.h"
#include "scheduler/cli/launcher.h"
#include "scheduler/cli/rank_side.h"
#include "scheduler/cli/run_result.h"
#include "scheduler/cli/slots.h"
#include "scheduler/cli/watch_scheduler.h"
#include "scheduler/prepare.h"

extern char** environ;

namespace longtake {
namespace {

/// For a predecessor that was killed and is still ending.
constexpr std::chrono::seconds kPredecessorPatience{5};

std::map<std::string, std::string> environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
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
  launch.ranks = options.ranks ? *options.ranks : slots_for(options, hardware);
  launch.processors = hardware.cpu_slots;
  launch.is_root = ::geteuid() == 0;
  launch.exported_variables = {kResultFileVariable};
  for (const char* name : {"LONGTAKE_TERMINAL", "LONGTAKE_CONFIGS", "LONGTAKE_SLATE_FONT"}) {
    if (std::getenv(name) != nullptr) launch.exported_variables.emplace_back(name);
  }
  launch.program = {std::filesystem::read_symlink("/proc/self/exe").string()};
  launch.program.insert(launch.program.end(), argv + 1, argv + argc);
  return launch;
}

/// What rank 0 left; without it the scheduler did not live to the end.
RunResult take_result(const std::filesystem::path& file, const WorkDir& work_dir) {
  std::ifstream stream(file);
  const auto json = nlohmann::json::parse(stream, nullptr, false);
  std::error_code none;
  std::filesystem::remove(file, none);
  if (json.is_object()) return json.get<RunResult>();
  RunResult result;
  result.exit_code = kExitRunAgain;
  result.message =
      "the scheduler or mpirun was killed; nothing that was committed is lost, run again to go on";
  result.work_dir = work_dir.root().string();
  return result;
}

int launch_and_wait(const CliOptions& options, const RankHardware& hardware, int argc, char** argv) {
  const WorkDir work_dir(work_dir_of(options));
  const std::filesystem::path result_file =
      work_dir.root() / ("result-" + std::to_string(::getpid()) + ".json");
  ::setenv(kResultFileVariable, result_file.c_str(), 1);
  if (::isatty(STDERR_FILENO) == 1) ::setenv("LONGTAKE_TERMINAL", "1", 1);
  run_child(mpirun_command(launch_options(options, hardware, argc, argv)));
  const RunResult result = take_result(result_file, work_dir);
  print_result(result, options.json);
  return result.exit_code;
}

}  // namespace

int run_command(const CliOptions& options, int argc, char** argv) {
  if (is_under_mpi_launcher(environment())) return run_as_rank(options);
  const RankHardware hardware = probe_hardware();
  prepare_or_refuse(options, hardware.gpus);
  return launch_and_wait(options, hardware, argc, argv);
}

}  // namespace longtake
