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
                // A film that was made once is known by it while it is made again.
                "finished_at=CASE WHEN ?1 IN ('done', 'failed') THEN ?3 WHEN state='failed' THEN NULL "
                "ELSE finished_at END WHERE id=?4"),
      start_attempt_(db,
                     "INSERT INTO attempts(id, segment_id, epoch, group_id, ranks, host, state, started_at) "
                     "VALUES(?,?,?,?,nullif(?, ''),nullif(?, ''),'running',?)"),
      succeed_attempt_(
          db, "UPDATE attempts SET state='finished', ended_at=?, seconds=?, peak_bytes=? WHERE id=?"),
      end_attempt_(db,
                   "UPDATE attempts SET state=?, error_kind=?, message=?, ended_at=?, "
                   "peak_bytes=nullif(?, 0) WHERE id=?"),
      disown_attempt_(db,
                      "UPDATE attempts SET message=? WHERE id=(SELECT max(id) FROM attempts "
                      "WHERE segment_id=? AND state='finished')"),
      move_segment_(db,
                    "UPDATE segments SET state=?, bytes=NULL, frames=NULL, packets_crc=NULL, "
                    "first_frame_crc=NULL, last_frame_crc=NULL, finished_at=NULL WHERE id=?"),
      finish_segment_(db,
                      "UPDATE segments SET state='finished', bytes=?, frames=?, packets_crc=?, "
                      "first_frame_crc=?, last_frame_crc=?, finished_at=? WHERE id=?"),
      add_rest_(db,
                "INSERT INTO segments(id, job_id, range_id, begin_clip, end_clip, state) "
                "SELECT ?1, job_id, range_id, ?2, end_clip, 'pending' FROM segments WHERE id=?3"),
      shorten_segment_(db, "UPDATE segments SET end_clip=? WHERE id=?"),
      adopt_attempt_(db,
                     "UPDATE attempts SET state='finished', message='found complete on the disk' WHERE id="
                     "(SELECT max(id) FROM attempts WHERE segment_id=?)"),
      add_shortage_(db,
                    "INSERT INTO shortages(job_id, epoch, layout, height, width, predicted_bytes, at) "
                    "VALUES(?,?,?,?,?,?,?)"),
      resize_job_(db, "UPDATE jobs SET height=?, width=? WHERE id=?"),
      move_rank_(db,
                 "INSERT INTO ranks(epoch, rank, host, pid, device, state, message, joined_at) "
                 "VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(epoch, rank) DO UPDATE SET state=excluded.state, "
                 "message=excluded.message, host=excluded.host, pid=excluded.pid, device=excluded.device"),
      note_event_(db, "INSERT INTO events(at, epoch, kind, job, text) VALUES(?,?,?,nullif(?, ''),?)"),
      count_progress_(db, "UPDATE run SET progress=progress+1 WHERE epoch=?"),
      count_new_film_(db,
                      "UPDATE run SET progress=progress+1 WHERE epoch=? "
                      "AND NOT EXISTS(SELECT 1 FROM jobs WHERE id=? AND finished_at IS NOT NULL)") {}

void ChangeSaver::apply(Epoch epoch, const std::vector<Change>& changes) {
  for (const Change& change : changes) {
    std::visit([&](const auto& one) { apply_one(epoch, one); }, change);
  }
}

void ChangeSaver::apply_one(Epoch epoch, const JobMoved& change) {
  if (change.to == JobState::Done) run(count_new_film_, epoch.value, change.job.value);
  run(move_job_, std::string(name_of(change.to)), change.message, utc_text(change.at_ms), change.job.value);
}

void ChangeSaver::apply_one(Epoch epoch, const AttemptStarted& change) {
  run(start_attempt_, change.attempt.value, change.segment.value, epoch.value, change.group.value,
      change.ranks, change.host, utc_text(change.at_ms));
  run(move_segment_, std::string(name_of(SegmentState::Running)), change.segment.value);
}

void ChangeSaver::apply_one(Epoch epoch, const AttemptSucceeded& change) {
  run(succeed_attempt_, utc_text(change.at_ms), change.seconds, change.peak_bytes, change.attempt.value);
  finish_segment(epoch, change.segment, change.facts, change.at_ms);
}

void ChangeSaver::finish_segment(Epoch epoch, SegmentId segment, const SegmentFacts& facts,
                                 std::int64_t at_ms) {
  run(finish_segment_, facts.bytes, facts.frames, std::int64_t{facts.packets_crc},
      std::int64_t{facts.first_frame_crc}, std::int64_t{facts.last_frame_crc}, utc_text(at_ms),
      segment.value);
  run(count_progress_, epoch.value);
}

void ChangeSaver::apply_one(Epoch epoch, const SegmentAdopted& change) {
  run(adopt_attempt_, change.segment.value);
  finish_segment(epoch, change.segment, change.facts, change.at_ms);
}

void ChangeSaver::apply_one(Epoch, const AttemptEnded& change) {
  run(end_attempt_, std::string(name_of(change.to)), std::string(name_of(change.kind)), change.message,
      utc_text(change.at_ms), change.peak_bytes, change.attempt.value);
  run(move_segment_, std::string(name_of(SegmentState::Pending)), change.segment.value);
}

void ChangeSaver::apply_one(Epoch, const SegmentCut& change) {
  run(add_rest_, change.rest.value, change.at, change.segment.value);
  run(shorten_segment_, change.at, change.segment.value);
}

void ChangeSaver::apply_one(Epoch, const SegmentReopened& change) {
  if (!change.why.empty()) run(disown_attempt_, change.why, change.segment.value);
  run(move_segment_, std::string(name_of(SegmentState::Pending)), change.segment.value);
}

void ChangeSaver::apply_one(Epoch epoch, const MemoryRanOut& change) {
  run(add_shortage_, change.job.value, epoch.value, change.layout, change.size.height, change.size.width,
      change.predicted_bytes, utc_text(change.at_ms));
}

void ChangeSaver::apply_one(Epoch, const JobResized& change) {
  run(resize_job_, change.size.height, change.size.width, change.job.value);
}

void ChangeSaver::apply_one(Epoch epoch, const WorkKept&) { run(count_progress_, epoch.value); }

void ChangeSaver::apply_one(Epoch epoch, const RankMoved& change) {
  run(move_rank_, epoch.value, change.rank.value, change.host, change.pid, change.device,
      std::string(name_of(change.to)), change.message, utc_text(change.at_ms));
}

void ChangeSaver::apply_one(Epoch epoch, const EventNoted& change) {
  run(note_event_, utc_text(change.at_ms), epoch.value, change.kind, change.job, change.text);
}

}  // namespace longtake
