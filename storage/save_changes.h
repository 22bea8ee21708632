#pragma once

#include <SQLiteCpp/Statement.h>

#include <vector>

#include "jobs/ids.h"
#include "storage/change.h"

// Included only by the sources of storage/, the home of SQLite.
namespace longtake {

/// Turns changes into rows, with statements that are prepared once: a commit is on the scheduler's
/// hot path. Throws SQLite::Exception; the caller owns the transaction.
class ChangeSaver {
 public:
  explicit ChangeSaver(SQLite::Database& db);

  void apply(Epoch epoch, const std::vector<Change>& changes);

 private:
  void finish_segment(Epoch epoch, SegmentId segment, const SegmentFacts& facts, std::int64_t at_ms);
  void apply_one(Epoch epoch, const JobMoved& change);
  void apply_one(Epoch epoch, const AttemptStarted& change);
  void apply_one(Epoch epoch, const AttemptSucceeded& change);
  void apply_one(Epoch epoch, const AttemptEnded& change);
  void apply_one(Epoch epoch, const SegmentCut& change);
  void apply_one(Epoch epoch, const SegmentReopened& change);
  void apply_one(Epoch epoch, const SegmentAdopted& change);
  void apply_one(Epoch epoch, const MemoryRanOut& change);
  void apply_one(Epoch epoch, const JobResized& change);
  void apply_one(Epoch epoch, const WorkKept& change);
  void apply_one(Epoch epoch, const RankMoved& change);
  void apply_one(Epoch epoch, const EventNoted& change);

  SQLite::Statement move_job_;
  SQLite::Statement start_attempt_;
  SQLite::Statement succeed_attempt_;
  SQLite::Statement end_attempt_;
  SQLite::Statement disown_attempt_;
  SQLite::Statement move_segment_;
  SQLite::Statement finish_segment_;
  SQLite::Statement add_rest_;
  SQLite::Statement shorten_segment_;
  SQLite::Statement adopt_attempt_;
  SQLite::Statement add_shortage_;
  SQLite::Statement resize_job_;
  SQLite::Statement move_rank_;
  SQLite::Statement note_event_;
  SQLite::Statement count_progress_;
  SQLite::Statement count_new_film_;
};

}  // namespace longtake
