#include "storage/save_changes.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/VariadicBind.h>

#include "storage/job_store.h"

namespace longtake {
namespace {

template <class... Values>
void run(SQLite::Statement& statement, const Values&... values) {
  statement.tryReset();  // it may have failed half-way in an earlier transaction
  SQLite::bind(statement, values...);
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
                 "message=excluded.message, host=excluded.host, pid=excluded.pid, device=excluded.device"),
      note_event_(db, "INSERT INTO events(at, epoch, kind, job, text) VALUES(?,?,?,nullif(?, ''),?)") {}

void ChangeSaver::apply(Epoch epoch, const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    std::visit([&](const auto& one) { apply_one(epoch, one); }, change);
  }
}

void ChangeSaver::apply_one(Epoch, const JobMoved& change) {
  run(move_job_, std::string(name_of(change.to)), change.message, utc_text(change.at_ms), change.job.value);
}

void ChangeSaver::apply_one(Epoch epoch, const AttemptStarted& change) {
  run(start_attempt_, change.attempt.value, change.segment.value, epoch.value, change.group.value,
      utc_text(change.at_ms));
  run(move_segment_, std::string(name_of(SegmentState::Running)), change.segment.value);
}

void ChangeSaver::apply_one(Epoch, const AttemptSucceeded& change) {
  run(succeed_attempt_, utc_text(change.at_ms), change.seconds, change.peak_bytes, change.attempt.value);
  finish_segment(change.segment, change.facts, change.at_ms);
}

void ChangeSaver::finish_segment(SegmentId segment, const SegmentFacts& facts, std::int64_t at_ms) {
  run(finish_segment_, facts.bytes, facts.frames, std::int64_t{facts.packets_crc},
      std::int64_t{facts.first_frame_crc}, std::int64_t{facts.last_frame_crc}, utc_text(at_ms),
      segment.value);
}

void ChangeSaver::apply_one(Epoch, const SegmentAdopted& change) {
  run(adopt_attempt_, change.segment.value);
  finish_segment(change.segment, change.facts, change.at_ms);
}

void ChangeSaver::apply_one(Epoch, const AttemptEnded& change) {
  run(end_attempt_, std::string(name_of(change.to)), std::string(name_of(change.kind)), change.message,
      utc_text(change.at_ms), change.attempt.value);
  run(move_segment_, std::string(name_of(SegmentState::Pending)), change.segment.value);
}

void ChangeSaver::apply_one(Epoch, const SegmentReopened& change) {
  run(move_segment_, std::string(name_of(SegmentState::Pending)), change.segment.value);
}

void ChangeSaver::apply_one(Epoch epoch, const RankMoved& change) {
  run(move_rank_, epoch.value, change.rank.value, change.host, change.pid, change.device,
      std::string(name_of(change.to)), change.message, utc_text(change.at_ms));
}

void ChangeSaver::apply_one(Epoch epoch, const EventNoted& change) {
  run(note_event_, utc_text(change.at_ms), epoch.value, change.kind, change.job, change.text);
}

}  // namespace longtake
