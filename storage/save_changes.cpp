#include "storage/save_changes.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/VariadicBind.h>

#include "storage/job_store.h"

namespace longtake {
namespace {

void run(SQLite::Statement& statement) {
  statement.exec();
  statement.reset();
}

}  // namespace

ChangeSaver::ChangeSaver(SQLite::Database& db)
    : move_job_(db,
                "UPDATE jobs SET state=?1, message=nullif(?2, ''), "
                "finished_at=CASE WHEN ?1 IN ('done', 'failed') THEN ?3 END WHERE id=?4"),
      start_attempt_(db,
                     "INSERT INTO attempts(id, segment_id, epoch, group_id, state, started_at) "
                     "VALUES(?,?,?,?,'running',?)"),
      succeed_attempt_(
          db, "UPDATE attempts SET state='finished', ended_at=?, seconds=?, peak_bytes=? WHERE id=?"),
      end_attempt_(db, "UPDATE attempts SET state=?, error_kind=?, message=?, ended_at=? WHERE id=?"),
      move_segment_(db,
                    "UPDATE segments SET state=?, bytes=NULL, frames=NULL, packets_crc=NULL, "
                    "first_frame_crc=NULL, last_frame_crc=NULL, finished_at=NULL WHERE id=?"),
      finish_segment_(db,
                      "UPDATE segments SET state='finished', bytes=?, frames=?, packets_crc=?, "
                      "first_frame_crc=?, last_frame_crc=?, finished_at=? WHERE id=?"),
      adopt_attempt_(db,
                     "UPDATE attempts SET state='finished', message='found complete on the disk' WHERE id="
                     "(SELECT max(id) FROM attempts WHERE segment_id=?)"),
      move_rank_(db,
                 "INSERT INTO ranks(epoch, rank, host, pid, device, state, message, joined_at) "
                 "VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(epoch, rank) DO UPDATE SET state=excluded.state, "
                 "message=excluded.message, pid=excluded.pid"),
      note_event_(db, "INSERT INTO events(at, epoch, kind, job, text) VALUES(?,?,?,nullif(?, ''),?)") {}

void ChangeSaver::apply(Epoch epoch, const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    std::visit([&](const auto& one) { apply_one(epoch, one); }, change);
  }
}

void ChangeSaver::apply_one(Epoch, const JobMoved& change) {
  SQLite::bind(move_job_, std::string(name_of(change.to)), change.message, utc_text(change.at_ms),
               change.job.value);
  run(move_job_);
}

void ChangeSaver::apply_one(Epoch epoch, const AttemptStarted& change) {
  SQLite::bind(start_attempt_, change.attempt.value, change.segment.value, epoch.value, change.group.value,
               utc_text(change.at_ms));
  run(start_attempt_);
  SQLite::bind(move_segment_, std::string(name_of(SegmentState::Running)), change.segment.value);
  run(move_segment_);
}

void ChangeSaver::apply_one(Epoch, const AttemptSucceeded& change) {
  SQLite::bind(succeed_attempt_, utc_text(change.at_ms), change.seconds, change.peak_bytes,
               change.attempt.value);
  run(succeed_attempt_);
  finish_segment(change.segment, change.facts, change.at_ms);
}

void ChangeSaver::finish_segment(SegmentId segment, const SegmentFacts& facts, std::int64_t at_ms) {
  SQLite::bind(finish_segment_, facts.bytes, facts.frames, std::int64_t{facts.packets_crc},
               std::int64_t{facts.first_frame_crc}, std::int64_t{facts.last_frame_crc}, utc_text(at_ms),
               segment.value);
  run(finish_segment_);
}

void ChangeSaver::apply_one(Epoch, const SegmentAdopted& change) {
  SQLite::bind(adopt_attempt_, change.segment.value);
  run(adopt_attempt_);
  finish_segment(change.segment, change.facts, change.at_ms);
}

void ChangeSaver::apply_one(Epoch, const AttemptEnded& change) {
  SQLite::bind(end_attempt_, std::string(name_of(change.to)), std::string(name_of(change.kind)),
               change.message, utc_text(change.at_ms), change.attempt.value);
  run(end_attempt_);
  SQLite::bind(move_segment_, std::string(name_of(SegmentState::Pending)), change.segment.value);
  run(move_segment_);
}

void ChangeSaver::apply_one(Epoch, const SegmentReopened& change) {
  SQLite::bind(move_segment_, std::string(name_of(SegmentState::Pending)), change.segment.value);
  run(move_segment_);
}

void ChangeSaver::apply_one(Epoch epoch, const RankMoved& change) {
  SQLite::bind(move_rank_, epoch.value, change.rank.value, change.host, change.pid, change.device,
               std::string(name_of(change.to)), change.message, utc_text(change.at_ms));
  run(move_rank_);
}

void ChangeSaver::apply_one(Epoch epoch, const EventNoted& change) {
  SQLite::bind(note_event_, utc_text(change.at_ms), epoch.value, change.kind, change.job, change.text);
  run(note_event_);
}

}  // namespace longtake
