#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "jobs/wire/control_socket.h"
#include "scheduler/core.h"
#include "scheduler/film_finisher.h"
#include "scheduler/film_report.h"
#include "scheduler/room_watch.h"
#include "scheduler/run_clock.h"
#include "scheduler/wake_up.h"
#include "scheduler/work_record.h"
#include "storage/job_store.h"

namespace longtake {

/// What the server needs besides its parts.
struct ServerOptions {
  WorkDir work_dir;
  Epoch epoch;
  std::string host;
  int pid = 0;
  std::string profile;
  std::map<JobId, FilmOrder> films;  ///< all but the segments of `join`
  /// Told about twice a second, and of every event, for the terminal.
  std::function<void(const RunStatus&)> on_status;
  std::function<void(const EventNoted&)> on_event;
};

/// The scheduler's process side: one poll loop around the pure core. Each turn takes what has arrived,
/// lets the core answer, saves all changes in one transaction, commits, and only then sends. Runs on one
/// thread, which owns the store, the core and the server socket.
class SchedulerServer {
 public:
  SchedulerServer(ServerOptions options, ControlServer& socket, JobStore& store, SchedulerCore& core,
                  const RunClock& clock, const WakeUp& wake);

  /// Until the core says that the run is over. Every rank has then been told to leave.
  EndRun run();

  /// Safe from any thread and, after `wake` rings, from signal handlers: drain with this as the reason.
  /// The text must outlive the server.
  void ask_to_drain(const char* by) noexcept { drain_asked_by_.store(by); }

 private:
  void dismiss_ranks();
  void forgive_own_pause();
  void take_messages();
  void take_hang_ups();
  void take_message(const ControlServer::Received& received);
  void on_rank_message(const std::string& peer, const RankMessage& message);
  void log_attempt(const AttemptFinished& report, std::int64_t now_ms);
  void log_stage(const StageFinished& report, std::int64_t now_ms);
  void log_work(const SchedulerCore::AttemptSubject& subject, Interval clips, const StageRecord& record,
                std::int64_t frames, std::int64_t now_ms);
  void on_request(const std::string& peer, const WatcherRequest& request);
  void take_results();
  void on_result(const FilmResult& result);
  void finish_film(JobId job, const FilmJoined& joined);
  nlohmann::json debug_info(const FilmReportInput& film, const nlohmann::json& report) const;
  void look_at_disk();
  void add(Actions actions);
  bool save();
  void wait_for_database(const Error& error);
  std::optional<EndRun> flush();
  void report_change(const Change& change);
  void show_status();
  FilmOrder film_order_for(JobId job) const;
  RunStatus status() const;

  ServerOptions options_;
  ControlServer& socket_;
  JobStore& store_;
  SchedulerCore& core_;
  const RunClock& clock_;
  const WakeUp& wake_;
  FilmFinisher finisher_;
  Actions pending_;  ///< not saved yet
  std::map<RankId, RankHardware> ranks_;
  std::map<JobId, WorkRecord> work_;
  std::atomic<const char*> drain_asked_by_{nullptr};
  RoomWatch room_;
  std::int64_t cannot_save_since_ms_ = -1;  ///< for another reason than a full disk; -1: it can
  std::int64_t turned_ms_ = 0;              ///< the beginning of this turn of the loop
  std::int64_t shown_ms_ = 0;
  std::int64_t started_ms_ = 0;
};

}  // namespace longtake
