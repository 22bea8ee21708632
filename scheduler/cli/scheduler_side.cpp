#include "scheduler/cli/scheduler_side.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <set>

#include "scheduler/cli/commands.h"
#include "scheduler/cli/configs.h"
#include "scheduler/cli/console.h"
#include "scheduler/cli/deadline.h"
#include "scheduler/cli/duration.h"
#include "scheduler/cli/engines.h"
#include "scheduler/cli/watch_scheduler.h"
#include "scheduler/job_log.h"
#include "scheduler/kept_work.h"
#include "scheduler/meeting_folder.h"
#include "scheduler/no_progress.h"
#include "scheduler/prepare.h"
#include "scheduler/process_identity.h"
#include "scheduler/run_setup.h"
#include "scheduler/scheduler_file.h"
#include "scheduler/server.h"

namespace longtake {
namespace {

/// For a predecessor that was killed and whose processes are still ending.
constexpr int kLockPatience_ms = 5000;

JobStore open_store(const WorkDir& work_dir) {
  try {
    return JobStore::open(work_dir.database(), kLockPatience_ms);
  } catch (const Error& e) {
    const auto other = find_scheduler(work_dir);
    if (!other) throw;
    throw Error(e.kind(), std::string(e.what()) + " (" + describe(*other) +
                              "); wait for it, stop it with longtake drain, or use another --work-dir");
  }
}

std::vector<PreparedJob> prepare(const std::vector<JobSpec>& specs, const WorkDir& work_dir,
                                 DeviceKind device) {
  require_engines(specs);
  require_models(specs);
  std::vector<Problem> problems;
  auto jobs = prepare_jobs(specs, work_dir, device, problems, [](const std::string&, double) {});
  if (!problems.empty()) throw ProblemsFound{problems};
  return jobs;
}

/// All on one host and not inside a batch job, which people watch from a login node: loopback is enough.
ControlReach reach_for(const std::vector<RankHardware>& ranks) {
  std::set<std::string> hosts;
  for (const RankHardware& rank : ranks) hosts.insert(rank.host);
  const bool is_batch = std::getenv("SLURM_JOB_ID") != nullptr;
  return hosts.size() == 1 && !is_batch ? ControlReach::Loopback : ControlReach::Network;
}

CoreLimits limits_of(const Profile& profile, const CliOptions& options) {
  CoreLimits limits;
  limits.deadline = deadline_here(options.deadline);
  limits.drain_ms = drain_ms_of(options.drain_time);
  limits.end_reserve_ms = end_reserve_ms_of(options.end_reserve);
  limits.disk_full_patience_ms = std::int64_t{profile.timeouts.disk_full_s} * 1000;
  return limits;
}

/// What a disk has done may be over by the next start; no_progress sees to it that not every start ends so.
EndRun end_of_failure(const std::exception& e) {
  const auto* error = dynamic_cast<const Error*>(&e);
  if (error == nullptr) return {kExitFailed, e.what()};
  if (error->kind() == ErrorKind::Io) {
    return {kExitRunAgain,
            std::string(e.what()) + "; nothing that was committed is lost, run again to go on"};
  }
  return {error->kind() == ErrorKind::InvalidInput ? kExitUser : kExitFailed, e.what()};
}

}  // namespace

/// In the order in which they are made; taken down in the opposite one.
struct SchedulerSide::Parts {
  Parts(const CliOptions& options, const std::vector<RankHardware>& ranks)
      : work_dir(work_dir_of(options)),
        profile(load_profile_of(options, ranks.front().gpus)),
        limits(limits_of(profile, options)),
        prepared(prepare(load_jobs_of(options), work_dir, profile.device)),
        store(open_store(work_dir)),
        host(ranks.front().host),
        epoch(store.begin_run(host, ::getpid(), profile.name, clock.now_ms())) {
    try {
      set_up(ranks);
    } catch (const std::exception& e) {
      store.end_run(epoch, 2, e.what(), clock.now_ms());
      throw;
    }
  }

  void set_up(const std::vector<RankHardware>& ranks) {
    const std::int64_t now = clock.now_ms();
    if (const auto killed = read_scheduler_file(work_dir.scheduler_file())) {
      remove_meeting_folder(killed->meetings);  // the database is ours: that run is over
    }
    kept_before = kept_work();
    RunSetup setup = set_up_run(profile, prepared, ranks, work_dir, store, epoch, now);
    for (const PreparedJob& job : prepared) {
      log_parameters(work_dir, job, now);
      for (const std::string& warning : job.warnings) advise(job.spec.name, warning, now);
    }
    for (const EventNoted& note : setup.notes) {
      console.show(note);
      append_inference_log(work_dir, note.job, note.at_ms, note.kind + ": " + note.text);
    }
    for (RunJob& job : setup.jobs) job.order.share.meeting = meetings.path();
    socket = std::make_unique<ControlServer>(reach_for(ranks));
    core = std::make_unique<SchedulerCore>(epoch, work_dir, std::move(setup.jobs), std::move(setup.groups),
                                           store.next_attempt(), limits, store.next_segment());
    ServerOptions server_options{work_dir,
                                 epoch,
                                 host,
                                 ::getpid(),
                                 profile.name,
                                 std::move(setup.films),
                                 [this](const RunStatus& status) { console.show(status); },
                                 [this](const EventNoted& event) { console.show(event); }};
    server = std::make_unique<SchedulerServer>(std::move(server_options), *socket, store, *core, clock, wake);
    write_scheduler_file(
        work_dir.scheduler_file(),
        {socket->address(), host, ::getpid(), process_identity(::getpid()), epoch.value, meetings.path()});
  }

  void advise(const std::string& job, const std::string& advice, std::int64_t now_ms) {
    console.show(EventNoted{"advice", job, advice, now_ms});
    append_inference_log(work_dir, job, now_ms, "advice: " + advice);
  }

  void run() {
    try {
      end = server->run();
    } catch (const std::exception& e) {
      end = end_of_failure(e);
      if (end.exit_code != kExitRunAgain) failure = std::current_exception();
    }
    std::error_code none;
    std::filesystem::remove(work_dir.scheduler_file(), none);
    try {
      count_kept_work();
      judge();
      store.end_run(epoch, end.exit_code, end.message, clock.now_ms());
    } catch (const std::exception& e) {
      // A full disk: the next run finds this one unfinished, which is true enough.
      console.show(EventNoted{"run", "", e.what(), clock.now_ms()});
    }
    seconds = static_cast<double>(clock.now_ms() - started_ms) / 1000.0;
  }

  KeptWork kept_work() const {
    std::vector<std::string> jobs;
    for (const PreparedJob& job : prepared) jobs.push_back(job.spec.name);
    return find_kept_work(work_dir, jobs);
  }

  void count_kept_work() {
    if (has_grown(kept_before, kept_work())) store.save(epoch, {WorkKept{}});
  }

  void judge() {
    EndRun judged = judge_end(store, end);
    if (judged.exit_code == end.exit_code) return;
    end = std::move(judged);
    const EventNoted event{"run", "", end.message, clock.now_ms()};
    console.show(event);
    store.save(epoch, {event});
  }

  RunClock clock;
  WorkDir work_dir;
  Profile profile;
  CoreLimits limits;
  std::vector<PreparedJob> prepared;
  JobStore store;
  std::string host;
  Epoch epoch;
  WakeUp wake;
  MeetingFolder meetings;
  Console console{is_progress_on_terminal()};
  std::unique_ptr<ControlServer> socket;
  std::unique_ptr<SchedulerCore> core;
  std::unique_ptr<SchedulerServer> server;
  KeptWork kept_before;
  EndRun end;
  std::exception_ptr failure;
  std::int64_t started_ms = clock.now_ms();
  double seconds = 0;
  std::thread thread;
};

SchedulerSide::SchedulerSide(const CliOptions& options, const std::vector<RankHardware>& ranks)
    : parts_(std::make_unique<Parts>(options, ranks)) {}

SchedulerSide::~SchedulerSide() {
  if (parts_->thread.joinable()) parts_->thread.join();
}

const ControlAddress& SchedulerSide::address() const { return parts_->socket->address(); }

void SchedulerSide::start() {
  parts_->thread = std::thread([parts = parts_.get()] { parts->run(); });
}

void SchedulerSide::ask_to_drain(const char* by) noexcept {
  parts_->server->ask_to_drain(by);
  parts_->wake.ring();
}

RunResult SchedulerSide::wait() {
  parts_->thread.join();
  if (parts_->failure) std::rethrow_exception(parts_->failure);
  const RunStatus status = parts_->core->status(parts_->clock.now_ms());
  return {parts_->end.exit_code, parts_->end.message, parts_->work_dir.root().string(),
          parts_->seconds,       status.jobs,         {}};
}

bool SchedulerSide::has_lost_ranks() const { return parts_->core->has_lost_ranks(); }

}  // namespace longtake
