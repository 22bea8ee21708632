#include "scheduler/cli/rank_side.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <optional>

#include "jobs/error.h"
#include "rank/control_link.h"
#include "rank/hardware.h"
#include "rank/launch/mpi_world.h"
#include "rank/launch/start_deadline.h"
#include "rank/rank_loop.h"
#include "scheduler/cli/commands.h"
#include "scheduler/cli/configs.h"
#include "scheduler/cli/engine_environment.h"
#include "scheduler/cli/engines.h"
#include "scheduler/cli/environment.h"
#include "scheduler/cli/problems.h"
#include "scheduler/cli/run_result.h"
#include "scheduler/cli/scheduler_side.h"
#include "storage/durable_file.h"

namespace longtake {
namespace {

/// MPI's end waits for every rank: should one die at that very moment, this ends the waiting.
constexpr unsigned kFinalizePatience_s = 10;

/// What rank 0 broadcasts every second until the scheduler has an address: reading ten hours of sound takes
/// minutes, and the others must tell that from a rank 0 that died.
constexpr const char* kStillStarting = "starting";
constexpr std::chrono::seconds kSayStartingEvery{1};

int signal_pipe = -1;
std::atomic<SchedulerSide*> draining_side{nullptr};
/// The last signal that asked for a drain: it may come before there is a scheduler that could.
std::atomic<const char*> drain_signal{nullptr};

extern "C" void on_signal(int number) {
  const auto byte = static_cast<unsigned char>(number);
  [[maybe_unused]] const ssize_t written = ::write(signal_pipe, &byte, 1);
  drain_signal.store(number == SIGUSR1 ? "signal USR1" : number == SIGTERM ? "signal TERM" : "signal INT");
  if (SchedulerSide* side = draining_side.load()) side->ask_to_drain(drain_signal.load());
}

/// The readable end of a pipe that gets a byte per signal.
int catch_signals() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw_errno("cannot make a pipe");
  signal_pipe = ends[1];
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGUSR1, SIGTERM, SIGINT}) ::sigaction(number, &action, nullptr);
  return ends[0];
}

RankHardware hardware_of(const MpiWorld& world) {
  RankHardware hardware = probe_hardware();
  hardware.rank = RankId{world.rank()};
  hardware.local_index = world.local_rank();
  return hardware;
}

std::vector<RankHardware> hardware_of_all(const std::vector<std::string>& texts) {
  std::vector<RankHardware> all;
  for (const std::string& text : texts) all.push_back(nlohmann::json::parse(text).get<RankHardware>());
  return all;
}

/// For the process that started mpirun: a drain reaches every rank from now on. All have caught signals
/// before they came to where rank 0 knows of them.
void say_that_ranks_listen() {
  if (const char* file = std::getenv(kResultFileVariable)) std::ofstream(file, std::ios::app);
}

/// For the process that started mpirun; without one, for the person.
void leave_result(const RunResult& result, const CliOptions& options) {
  if (const char* file = std::getenv(kResultFileVariable)) {
    write_durably(file, json_text_of(result, -1));
  } else {
    print_result(result, options.json);
  }
}

/// What say_that_ranks_listen() left.
void remove_result() {
  std::error_code none;
  if (const char* file = std::getenv(kResultFileVariable)) std::filesystem::remove(file, none);
}

/// On failure everyone gets an empty address and ends.
std::unique_ptr<SchedulerSide> start_scheduler(const CliOptions& options,
                                               const std::vector<std::string>& texts, RunResult& failure) {
  try {
    return std::make_unique<SchedulerSide>(options, hardware_of_all(texts));
  } catch (...) {
    failure = failure_of_current_exception();
    failure.work_dir = work_dir_of(options).string();
    return nullptr;
  }
}

RankLimits limits_of(const Timeouts& timeouts) {
  constexpr std::int64_t kMilliseconds = 1000;
  RankLimits limits;
  limits.silence_ms = {{EnginePhase::Start, kMilliseconds * timeouts.load_s},
                       // An engine loads its model when the first segment that needs it is ordered.
                       {EnginePhase::Load, kMilliseconds * (timeouts.load_s + timeouts.first_block_s)},
                       {EnginePhase::FirstBlock, kMilliseconds * timeouts.first_block_s},
                       {EnginePhase::Blocks, kMilliseconds * timeouts.block_s}};
  return limits;
}

/// What a process is from its first moment on, before it knows a scheduler.
struct RankProcess {
  RankHardware hardware;
  int signals = -1;
  pid_t launcher = 0;
};

/// On a thread of its own, while this one keeps the other ranks waiting.
std::unique_ptr<SchedulerSide> start_scheduler_aloud(const CliOptions& options, const MpiWorld& world,
                                                     const std::vector<std::string>& texts,
                                                     StartDeadline& deadline, RunResult& failure) {
  auto scheduler = std::async(std::launch::async, [&] { return start_scheduler(options, texts, failure); });
  while (scheduler.wait_for(kSayStartingEvery) != std::future_status::ready) {
    world.broadcast(kStillStarting);
    deadline.extend();
  }
  return scheduler.get();
}

/// Empty when there is no run.
std::string hear_address(const MpiWorld& world, StartDeadline& deadline) {
  std::string heard = world.broadcast("");
  while (heard == kStillStarting) {
    deadline.extend();
    heard = world.broadcast("");
  }
  return heard;
}

RankExit be_a_rank(const CliOptions& cli, const RankProcess& process, const ControlAddress& address) {
  RankOptions options;
  options.hardware = process.hardware;
  options.engines = engine_programs();
  options.signals = process.signals;
  options.launcher = process.launcher;
  const Profile profile = load_profile_of(cli, process.hardware.gpus);
  options.engine_environment = engine_environment(profile, environment());
  options.limits = limits_of(profile.timeouts);
  ControlLink link(address, process.hardware.rank);
  return run_rank(options, link);
}

/// A rank that mpirun watches must not end with a code of its own: mpirun would tell about it at length,
/// and the result is in the file.
int exit_code_for_launcher(int exit_code) {
  return std::getenv(kResultFileVariable) != nullptr ? 0 : exit_code;
}

int run_rank_zero(const CliOptions& options, MpiWorld& world, const RankProcess& process,
                  const std::vector<std::string>& texts, std::unique_ptr<StartDeadline> deadline) {
  RunResult result;
  const auto scheduler = start_scheduler_aloud(options, world, texts, *deadline, result);
  world.broadcast(scheduler ? encode(scheduler->address()) : "");
  deadline.reset();
  if (!scheduler) {
    world.leave();
    leave_result(result, options);
    return exit_code_for_launcher(result.exit_code);
  }
  draining_side.store(scheduler.get());
  // After the store: a signal that comes now is told twice rather than never.
  if (const char* by = drain_signal.load()) scheduler->ask_to_drain(by);
  scheduler->start();
  const RankExit exit = be_a_rank(options, process, scheduler->address());
  if (exit != RankExit::Ordered) scheduler->ask_to_drain("the scheduler's own rank was told to end");
  try {
    result = scheduler->wait();
  } catch (...) {
    result = failure_of_current_exception();
  }
  draining_side.store(nullptr);
  if (!scheduler->has_lost_ranks()) world.leave();
  if (exit == RankExit::LauncherLost) {  // nobody is there to read a result
    remove_result();
    return result.exit_code;
  }
  leave_result(result, options);
  return exit_code_for_launcher(result.exit_code);
}

}  // namespace

int run_as_rank(const CliOptions& options) {
  const pid_t launcher = ::getppid();
  auto deadline = std::make_unique<StartDeadline>(exit_code_for_launcher(kExitRunAgain),
                                                  start_limit_s(std::getenv(kStartLimitVariable)));
  // Before MPI: a drain may be asked for while the ranks find each other.
  const int signals = catch_signals();
  MpiWorld world;
  const RankProcess process = {hardware_of(world), signals, launcher};
  deadline->extend();
  const auto texts = world.gather(nlohmann::json(process.hardware).dump());
  if (world.rank() == 0) say_that_ranks_listen();
  deadline->extend();
  int exit_code = 0;
  if (world.rank() == 0) {
    exit_code = run_rank_zero(options, world, process, texts, std::move(deadline));
  } else {
    const std::string address = hear_address(world, *deadline);
    deadline.reset();
    const bool is_run = !address.empty();
    const RankExit exit =
        is_run ? be_a_rank(options, process, decode_control_address(address)) : RankExit::Ordered;
    if (exit == RankExit::Ordered) world.leave();
  }
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(kFinalizePatience_s);
  return exit_code;
}

}  // namespace longtake
