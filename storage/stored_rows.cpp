#include "storage/stored_rows.h"

#include <map>

namespace longtake {
namespace {

/// The columns of a row, one after the other.
class Columns {
 public:
  explicit Columns(SQLite::Statement& row) : row_(row) {}

  std::int64_t number() { return row_.getColumn(next_++).getInt64(); }
  std::optional<std::int64_t> number_if_any() {
    const SQLite::Column column = row_.getColumn(next_++);
    return column.isNull() ? std::nullopt : std::optional(column.getInt64());
  }
  int small_number() { return static_cast<int>(number()); }
  std::uint32_t checksum() { return static_cast<std::uint32_t>(number()); }
  double real() { return row_.getColumn(next_++).getDouble(); }
  /// Empty for NULL.
  std::string text() {
    const SQLite::Column column = row_.getColumn(next_++);
    return column.isNull() ? "" : column.getString();
  }
  Interval clips() {
    const std::int64_t begin = number();
    return {begin, number()};
  }

 private:
  SQLite::Statement& row_;
  int next_ = 0;
};

SegmentFacts facts_of(Columns& columns) {
  SegmentFacts facts;
  facts.bytes = columns.number();
  facts.frames = columns.number();
  facts.packets_crc = columns.checksum();
  facts.first_frame_crc = columns.checksum();
  facts.last_frame_crc = columns.checksum();
  return facts;
}

StoredSegment segment_of(Columns& columns) {
  StoredSegment segment;
  segment.id.value = columns.number();
  segment.clips = columns.clips();
  segment.state = segment_state_from(columns.text());
  if (segment.state == SegmentState::Finished) segment.facts = facts_of(columns);
  return segment;
}

std::vector<StoredRange> ranges_of(SQLite::Database& db, JobId job) {
  std::vector<StoredRange> ranges;
  std::map<std::int64_t, std::size_t> index_of;
  SQLite::Statement range_rows(
      db, "SELECT id, begin_clip, end_clip FROM ranges WHERE job_id=? ORDER BY begin_clip");
  range_rows.bind(1, job.value);
  while (range_rows.executeStep()) {
    Columns columns(range_rows);
    StoredRange range;
    range.id.value = columns.number();
    range.clips = columns.clips();
    index_of[range.id.value] = ranges.size();
    ranges.push_back(std::move(range));
  }
  SQLite::Statement rows(db,
                         "SELECT range_id, id, begin_clip, end_clip, state, bytes, frames, packets_crc, "
                         "first_frame_crc, last_frame_crc FROM segments WHERE job_id=? ORDER BY begin_clip");
  rows.bind(1, job.value);
  while (rows.executeStep()) {
    Columns columns(rows);
    ranges.at(index_of.at(columns.number())).segments.push_back(segment_of(columns));
  }
  return ranges;
}

}  // namespace

StoredRun run_of(SQLite::Statement& row) {
  Columns columns(row);
  StoredRun run;
  run.epoch.value = columns.number();
  run.host = columns.text();
  run.pid = columns.small_number();
  run.profile = columns.text();
  run.started_at = columns.text();
  run.ended_at = columns.text();
  if (const auto code = columns.number_if_any()) run.exit_code = static_cast<int>(*code);
  run.message = columns.text();
  run.progress = columns.number();
  return run;
}

StoredAttempt attempt_of(SQLite::Statement& row) {
  Columns columns(row);
  StoredAttempt attempt;
  attempt.id.value = columns.number();
  attempt.clips = columns.clips();
  attempt.epoch.value = columns.number();
  attempt.group.value = columns.number();
  attempt.ranks = columns.text();
  attempt.host = columns.text();
  attempt.state = columns.text();
  attempt.error_kind = columns.text();
  attempt.message = columns.text();
  attempt.started_at = columns.text();
  attempt.ended_at = columns.text();
  attempt.seconds = columns.real();  // 0 for NULL
  return attempt;
}

StoredEvent event_of(SQLite::Statement& row) {
  Columns columns(row);
  StoredEvent event;
  event.at = columns.text();
  event.kind = columns.text();
  event.job = columns.text();
  event.text = columns.text();
  return event;
}

StoredJob job_of(SQLite::Database& db, SQLite::Statement& row) {
  Columns columns(row);
  StoredJob job;
  job.id.value = columns.number();
  job.name = columns.text();
  job.identity = columns.text();
  job.identity_of = columns.text();
  job.engine = columns.text();
  job.state = job_state_from(columns.text());
  job.message = columns.text();
  job.size.height = columns.small_number();
  job.size.width = columns.small_number();
  job.film_frames = columns.number();
  job.clips = columns.number();
  job.infer_frames = columns.small_number();
  job.segment_clips = columns.small_number();
  job.output = columns.text();
  job.ranges = ranges_of(db, job.id);
  return job;
}

}  // namespace longtake
