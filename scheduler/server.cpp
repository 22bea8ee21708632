#include "scheduler/server.h"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <utility>

#include "scheduler/film_report.h"
#include "scheduler/job_log.h"
#include "storage/durable_file.h"

namespace longtake {
namespace {

constexpr int kTurn_ms = 100;
constexpr std::int64_t kShowEvery_ms = 500;
constexpr std::int64_t kLateRankPatience_ms = 5000;
/// A turn takes kTurn_ms and a commit. After a longer one this process was stopped, or its disk was away.
constexpr std::int64_t kLongTurn_ms = 1000;
/// A network file system may fail for a while and then heal.
constexpr std::int64_t kDatabasePatience_ms = 30'000;

constexpr const char* kRankPeer = "rank-";

std::string peer_of(RankId rank) { return kRankPeer + std::to_string(rank.value); }

bool is_rank(const std::string& peer) { return peer.rfind(kRankPeer, 0) == 0; }

template <class T>
void append(std::vector<T>& to, std::vector<T>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

std::string summary_of(const StoredJob& job, const FilmJoined& joined) {
  char text[200];
  std::snprintf(text, sizeof text, "done: %lld frames, %.2f s, drift %.3f ms, joined in %.1f s: ",
                static_cast<long long>(joined.report.frames), joined.report.video_seconds,
                joined.report.drift_ms, joined.seconds);
  return text + job.output;
}

}  // namespace

SchedulerServer::SchedulerServer(ServerOptions options, ControlServer& socket, JobStore& store,
                                 SchedulerCore& core, const RunClock& clock, const WakeUp& wake)
    : options_(std::move(options)),
      socket_(socket),
      store_(store),
      core_(core),
      clock_(clock),
      wake_(wake),
      finisher_(wake),
      room_(questions_for(options_.work_dir.root())) {}

EndRun SchedulerServer::run() {
  started_ms_ = turned_ms_ = clock_.now_ms();
  for (const auto& [job, film] : options_.films) {
    if (!is_final(core_.job(job).state)) finisher_.encode_early(film.sound);
  }
  add(core_.on_started(started_ms_));
  std::optional<EndRun> end = flush();
  while (!end) {
    socket_.wait(kTurn_ms, wake_.descriptor());
    wake_.clear();
    forgive_own_pause();
    take_messages();
    take_hang_ups();
    take_results();
    if (const char* by = drain_asked_by_.exchange(nullptr)) add(core_.on_drain(by, clock_.now_ms()));
    look_at_disk();
    add(core_.on_tick(clock_.now_ms()));
    end = flush();
    show_status();
  }
  dismiss_ranks();
  if (options_.on_status) options_.on_status(status());
  return *end;
}

/// Nobody was heard in a time in which nobody listened: SIGSTOP, a Slurm job that is suspended.
void SchedulerServer::forgive_own_pause() {
  const std::int64_t before_ms = std::exchange(turned_ms_, clock_.now_ms());
  if (turned_ms_ - before_ms > kLongTurn_ms) core_.on_paused(turned_ms_ - before_ms);
}

/// A run can be over before its last rank has come: those are told as they come, for a while.
void SchedulerServer::dismiss_ranks() {
  const auto dismiss = [this](RankId rank) {
    socket_.send(peer_of(rank), encode(SchedulerMessage(LeaveRun{})));
  };
  for (const auto& [rank, hardware] : ranks_) dismiss(rank);
  const std::int64_t deadline_ms = clock_.now_ms() + kLateRankPatience_ms;
  while (core_.is_expecting_ranks() && clock_.now_ms() < deadline_ms) {
    const std::map<RankId, RankHardware> dismissed = ranks_;
    socket_.wait(kTurn_ms, -1);
    take_messages();
    for (const auto& [rank, hardware] : ranks_) {
      if (dismissed.count(rank) == 0) dismiss(rank);
    }
  }
}

void SchedulerServer::take_messages() {
  while (const auto received = socket_.receive()) {
    try {
      take_message(*received);
    } catch (const std::exception& e) {
      // One peer's bad message must not stop the night. What the core did not learn of an attempt by it, the
      // rank's heartbeats tell.
      spdlog::error("a message of {} was dropped: {}", received->peer, e.what());
    }
  }
}

void SchedulerServer::take_hang_ups() {
  while (const auto peer = socket_.hung_up()) {
    for (const auto& [rank, hardware] : ranks_) {
      if (*peer == peer_of(rank)) core_.on_rank_hung_up(rank, clock_.now_ms());
    }
  }
}

void SchedulerServer::take_message(const ControlServer::Received& received) {
  if (is_rank(received.peer)) {
    on_rank_message(received.peer, decode_rank_message(received.text));
  } else {
    on_request(received.peer, decode_watcher_request(received.text));
  }
}

void SchedulerServer::on_rank_message(const std::string&, const RankMessage& message) {
  const std::int64_t now = clock_.now_ms();
  if (const auto* alive = std::get_if<RankAlive>(&message)) {
    // Answered at once and not after saving: a slow disk must not look like a dead scheduler.
    for (const Outgoing& send : core_.on_rank_alive(*alive, now).sends) {
      socket_.send(peer_of(send.to), encode(send.message));
    }
  } else if (const auto* joined = std::get_if<RankJoined>(&message)) {
    ranks_[joined->hardware.rank] = joined->hardware;
    add(core_.on_rank_joined(joined->hardware, now));
  } else if (const auto* progressed = std::get_if<AttemptProgressed>(&message)) {
    add(core_.on_attempt_progressed(*progressed, now));
  } else if (const auto* finished = std::get_if<AttemptFinished>(&message)) {
    log_attempt(*finished, now);
    add(core_.on_attempt_finished(*finished, now));
  } else if (const auto* stage = std::get_if<StageFinished>(&message)) {
    log_stage(*stage, now);
    add(core_.on_stage_finished(*stage, now));
  } else if (const auto* failed = std::get_if<AttemptFailed>(&message)) {
    add(core_.on_attempt_failed(*failed, now));
  } else if (const auto* left = std::get_if<RankLeft>(&message)) {
    add(core_.on_rank_left(left->rank, left->reason, now));
  }
}

void SchedulerServer::log_attempt(const AttemptFinished& report, std::int64_t now_ms) {
  const auto subject = core_.subject_of(report.epoch, report.attempt);
  if (!subject) return;
  const int stage = subject->share->stages() - 1;
  const Interval clips = report.cut_to.is_empty() ? subject->clips : report.cut_to;
  log_work(*subject, clips, {report.rank, stage, report.seconds, report.peak_bytes, report.work},
           report.facts.frames, now_ms);
}

void SchedulerServer::log_stage(const StageFinished& report, std::int64_t now_ms) {
  const auto subject = core_.subject_of(report.epoch, report.attempt);
  if (!subject) return;
  log_work(*subject, subject->clips,
           {report.rank, report.stage, report.seconds, report.peak_bytes, report.work}, 0, now_ms);
}

void SchedulerServer::log_work(const SchedulerCore::AttemptSubject& subject, Interval clips,
                               const StageRecord& record, std::int64_t frames, std::int64_t now_ms) {
  work_[subject.job].add(record);
  const std::string& job = core_.job(subject.job).name;
  append_inference_log(options_.work_dir, job, now_ms,
                       "clips " + text_of(clips) + ": " + description_of(record, frames, *subject.share));
  const EngineWork& work = record.work;
  const auto counted = [&](std::int64_t bytes) { return bytes > 0 ? bytes : record.resident_bytes; };
  append_memory_log(options_.work_dir, job,
                    {static_cast<double>(now_ms - started_ms_) / 1000.0, record.rank,
                     work.device.empty() ? "cpu" : work.device, counted(work.allocated_bytes),
                     counted(work.reserved_bytes), counted(work.used_bytes)});
}

void SchedulerServer::on_request(const std::string& peer, const WatcherRequest& request) {
  if (const auto* drain = std::get_if<DrainAsked>(&request)) {
    add(core_.on_drain(drain->by, clock_.now_ms()));
  }
  socket_.send(peer, nlohmann::json(status()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void SchedulerServer::take_results() {
  while (const auto result = finisher_.take_result()) on_result(*result);
}

void SchedulerServer::on_result(const FilmResult& result) {
  const std::int64_t now = clock_.now_ms();
  if (const auto* joined = std::get_if<FilmJoined>(&result.outcome)) {
    finish_film(result.job, *joined);
  } else if (const auto* bad = std::get_if<BadSegment>(&result.outcome)) {
    std::error_code none;
    const FilmOrder film = film_order_for(result.job);
    std::filesystem::remove(film.join.segments.at(bad->index).file, none);
    add(core_.on_film_segment_bad(result.job, bad->index, bad->why, now));
  } else {
    const auto& failed = std::get<FilmFailed>(result.outcome);
    add(core_.on_film_failed(result.job, failed.kind, failed.message, now));
  }
}

void SchedulerServer::finish_film(JobId id, const FilmJoined& joined) {
  const std::int64_t now = clock_.now_ms();
  const StoredJob& job = core_.job(id);
  try {
    const FilmReportInput input = {job,
                                   store_.summarize_attempts(id),
                                   store_.attempts_of(id),
                                   joined.report,
                                   joined.seconds,
                                   core_.share_of(id),
                                   work_[id]};
    const nlohmann::json report = make_film_report(input);
    write_durably(options_.work_dir.report(job.name),
                  report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    write_debug_info(options_.work_dir, job.name, debug_info(input, report));
    const std::string summary = summary_of(job, joined);
    add(core_.on_film_joined(id, summary, now));
  } catch (const Error& e) {
    add(core_.on_film_failed(id, e.kind(), e.what(), now));
  } catch (const std::exception& e) {
    add(core_.on_film_failed(id, ErrorKind::Bug, e.what(), now));
  }
}

nlohmann::json SchedulerServer::debug_info(const FilmReportInput& film, const nlohmann::json& report) const {
  nlohmann::json ranks = nlohmann::json::array();
  for (const auto& [rank, hardware] : ranks_) ranks.push_back(hardware);
  nlohmann::json info = {{"job", film.job.name},
                         {"engine", film.job.engine},
                         {"profile", options_.profile},
                         {"stages", nlohmann::json(film.share.layout).at("stages")},
                         {"ranks", ranks}};
  for (const char* key : {"layout", "precision", "engines", "generation_seconds", "frames_per_second",
                          "gpu_hours", "peak_bytes_measured", "peak_bytes_predicted"}) {
    info[key] = report.at(key);
  }
  return info;
}

FilmOrder SchedulerServer::film_order_for(JobId id) const {
  FilmOrder film = options_.films.at(id);
  const StoredJob& job = core_.job(id);
  for (const StoredRange& range : job.ranges) {
    for (const StoredSegment& segment : range.segments) {
      FilmSegment part;
      part.file = options_.work_dir.segment(job.name, segment.clips);
      part.facts = segment.facts.value_or(SegmentFacts{});
      part.frames = frames_of_clips(segment.clips, job.infer_frames, job.film_frames);
      part.begins_range = segment.clips.begin == range.clips.begin;
      film.join.segments.push_back(std::move(part));
    }
  }
  return film;
}

/// While the disk is full: looks whether somebody made room.
void SchedulerServer::look_at_disk() {
  if (!core_.is_waiting_for_disk()) return room_.forget();
  const std::int64_t now = clock_.now_ms();
  if (room_.has_room_again(now)) add(core_.on_disk_has_room(now));
}

void SchedulerServer::add(Actions actions) {
  append(pending_.changes, actions.changes);
  append(pending_.sends, actions.sends);
  append(pending_.joins, actions.joins);
  if (actions.end) pending_.end = std::move(actions.end);
}

/// False when the disk cannot take it now: everything stays pending and nothing is sent.
bool SchedulerServer::save() {
  try {
    store_.save(options_.epoch, pending_.changes);
    cannot_save_since_ms_ = -1;
    core_.on_orders_held(false);
    return true;
  } catch (const Error& e) {
    core_.on_orders_held(true);
    if (e.kind() == ErrorKind::DiskFull) {
      add(core_.on_disk_full(e.what(), clock_.now_ms()));
    } else {
      wait_for_database(e);
    }
    return false;
  }
}

/// Rethrows `error`, inside its catch block, when it cannot heal or had its time.
void SchedulerServer::wait_for_database(const Error& error) {
  const std::int64_t now = clock_.now_ms();
  if (error.kind() != ErrorKind::Io) throw;
  if (cannot_save_since_ms_ < 0) {
    cannot_save_since_ms_ = now;
    spdlog::warn("nothing is told to anyone until it can be saved: {}", error.what());
  }
  if (now - cannot_save_since_ms_ > kDatabasePatience_ms) throw;
}

/// What was decided is saved, then done and told. An end that cannot be saved now waits as everything else
/// does; but not for room on a disk, for which nobody is asked any more: the next run finds the files.
std::optional<EndRun> SchedulerServer::flush() {
  const bool is_saved = save();
  if (!is_saved && !(pending_.end && core_.is_waiting_for_disk())) return std::nullopt;
  for (const Change& change : pending_.changes) report_change(change);
  for (const Outgoing& send : pending_.sends) socket_.send(peer_of(send.to), encode(send.message));
  for (const JobId job : pending_.joins) finisher_.join(film_order_for(job));
  return std::exchange(pending_, {}).end;
}

void SchedulerServer::report_change(const Change& change) {
  if (const auto* event = std::get_if<EventNoted>(&change)) {
    if (options_.on_event) options_.on_event(*event);
    if (!event->job.empty()) {
      append_inference_log(options_.work_dir, event->job, event->at_ms, event->kind + ": " + event->text);
    }
  }
}

void SchedulerServer::show_status() {
  const std::int64_t now = clock_.now_ms();
  if (!options_.on_status || now - shown_ms_ < kShowEvery_ms) return;
  shown_ms_ = now;
  options_.on_status(status());
}

RunStatus SchedulerServer::status() const {
  RunStatus status = core_.status(clock_.now_ms());
  status.host = options_.host;
  status.pid = options_.pid;
  status.profile = options_.profile;
  return status;
}

}  // namespace longtake
