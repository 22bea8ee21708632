#include "storage/job_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <SQLiteCpp/VariadicBind.h>

#include "storage/database.h"
#include "storage/save_changes.h"
#include "storage/sqlite_errors.h"
#include "storage/stored_rows.h"

namespace longtake {
namespace {

std::int64_t insert_job(SQLite::Database& db, const StoredJob& job, std::int64_t now_ms) {
  SQLite::Statement insert(db,
                           "INSERT INTO jobs(name, identity, identity_of, engine, state, height, width, "
                           "film_frames, clips, infer_frames, segment_clips, output, created_at) "
                           "VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
  int i = 0;
  for (const std::string& text :
       {job.name, job.identity, job.identity_of, job.engine, std::string(name_of(JobState::Pending))}) {
    insert.bind(++i, text);
  }
  for (const std::int64_t number :
       {std::int64_t{job.size.height}, std::int64_t{job.size.width}, job.film_frames, job.clips,
        std::int64_t{job.infer_frames}, std::int64_t{job.segment_clips}}) {
    insert.bind(++i, number);
  }
  insert.bind(++i, job.output);
  insert.bind(++i, utc_text(now_ms));
  insert.exec();
  return db.getLastInsertRowid();
}

void insert_ranges(SQLite::Database& db, std::int64_t job_id, const std::vector<StoredRange>& ranges) {
  SQLite::Statement insert_range(db, "INSERT INTO ranges(job_id, begin_clip, end_clip) VALUES(?,?,?)");
  SQLite::Statement insert_segment(
      db, "INSERT INTO segments(job_id, range_id, begin_clip, end_clip, state) VALUES(?,?,?,?,'pending')");
  for (const StoredRange& range : ranges) {
    SQLite::bind(insert_range, job_id, range.clips.begin, range.clips.end);
    insert_range.exec();
    insert_range.reset();
    const std::int64_t range_id = db.getLastInsertRowid();
    for (const StoredSegment& segment : range.segments) {
      SQLite::bind(insert_segment, job_id, range_id, segment.clips.begin, segment.clips.end);
      insert_segment.exec();
      insert_segment.reset();
    }
  }
}

}  // namespace

std::int64_t StoredJob::frames_finished() const {
  std::int64_t frames = 0;
  for (const StoredRange& range : ranges) {
    for (const StoredSegment& segment : range.segments) frames += segment.facts ? segment.facts->frames : 0;
  }
  return frames;
}

struct JobStore::Statements {
  explicit Statements(SQLite::Database& db) : saver(db) {}
  ChangeSaver saver;
};

JobStore::JobStore(std::filesystem::path file, std::unique_ptr<SQLite::Database> db)
    : file_(std::move(file)), db_(std::move(db)), statements_(std::make_unique<Statements>(*db_)) {}
JobStore::JobStore(JobStore&&) noexcept = default;
JobStore::~JobStore() = default;

JobStore JobStore::open(const std::filesystem::path& file, int patience_ms) {
  return JobStore(file, open_exclusively(file, patience_ms));
}

JobStore JobStore::open_to_read(const std::filesystem::path& file) {
  return JobStore(file, open_read_only(file));
}

Epoch JobStore::begin_run(const std::string& host, int pid, const std::string& profile, std::int64_t now_ms) {
  return with_sqlite_errors(file_, [&] {
    SQLite::Transaction transaction(*db_);
    const std::string now = utc_text(now_ms);
    SQLite::Statement lost(*db_,
                           "UPDATE attempts SET state='lost', ended_at=?, message='its run was killed' "
                           "WHERE state='running'");
    lost.bind(1, now);
    lost.exec();
    db_->exec("UPDATE segments SET state='pending' WHERE state='running'");
    SQLite::Statement insert(*db_,
                             "INSERT INTO run(schema_version, host, pid, profile, started_at) "
                             "VALUES((SELECT user_version FROM pragma_user_version), ?,?,?,?)");
    SQLite::bind(insert, host, pid, profile, now);
    insert.exec();
    const Epoch epoch{db_->getLastInsertRowid()};
    transaction.commit();
    return epoch;
  });
}

void JobStore::end_run(Epoch epoch, int exit_code, const std::string& message, std::int64_t now_ms) {
  with_sqlite_errors(file_, [&] {
    SQLite::Statement update(*db_, "UPDATE run SET ended_at=?, exit_code=?, message=? WHERE epoch=?");
    SQLite::bind(update, utc_text(now_ms), exit_code, message, epoch.value);
    update.exec();
  });
}

std::optional<StoredRun> JobStore::newest_run() const {
  const std::vector<StoredRun> runs = newest_runs(1);
  return runs.empty() ? std::nullopt : std::optional(runs.front());
}

std::vector<StoredRun> JobStore::newest_runs(int at_most) const {
  return with_sqlite_errors(file_, [&] {
    std::vector<StoredRun> runs;
    SQLite::Statement rows(*db_,
                           "SELECT " + std::string(kRunColumns) + " FROM run ORDER BY epoch DESC LIMIT ?");
    rows.bind(1, at_most);
    while (rows.executeStep()) runs.push_back(run_of(rows));
    return runs;
  });
}

std::vector<StoredJob> JobStore::load_jobs() const {
  return with_sqlite_errors(file_, [&] {
    std::vector<StoredJob> jobs;
    SQLite::Statement rows(*db_, "SELECT " + std::string(kJobColumns) + " FROM jobs ORDER BY id");
    while (rows.executeStep()) jobs.push_back(job_of(*db_, rows));
    return jobs;
  });
}

std::optional<StoredJob> JobStore::find_job(const std::string& name) const {
  return with_sqlite_errors(file_, [&]() -> std::optional<StoredJob> {
    SQLite::Statement row(*db_, "SELECT " + std::string(kJobColumns) + " FROM jobs WHERE name=?");
    row.bind(1, name);
    if (!row.executeStep()) return std::nullopt;
    return job_of(*db_, row);
  });
}

StoredJob JobStore::add_job(const StoredJob& job, std::int64_t now_ms) {
  with_sqlite_errors(file_, [&] {
    SQLite::Transaction transaction(*db_);
    const std::int64_t job_id = insert_job(*db_, job, now_ms);
    insert_ranges(*db_, job_id, job.ranges);
    transaction.commit();
  });
  return *find_job(job.name);
}

AttemptId JobStore::next_attempt() const {
  return with_sqlite_errors(file_, [&] {
    return AttemptId{db_->execAndGet("SELECT ifnull(max(id), 0) + 1 FROM attempts").getInt64()};
  });
}

SegmentId JobStore::next_segment() const {
  return with_sqlite_errors(file_, [&] {
    return SegmentId{db_->execAndGet("SELECT ifnull(max(id), 0) + 1 FROM segments").getInt64()};
  });
}

void JobStore::save(Epoch epoch, const std::vector<Change>& changes) {
  if (changes.empty()) return;
  with_sqlite_errors(file_, [&] {
    SQLite::Transaction transaction(*db_);
    statements_->saver.apply(epoch, changes);
    transaction.commit();
  });
}

AttemptSummary JobStore::summarize_attempts(JobId job) const {
  return with_sqlite_errors(file_, [&] {
    AttemptSummary summary;
    SQLite::Statement counts(*db_,
                             "SELECT count(*), sum(a.state='finished'), sum(a.state='failed'), "
                             "sum(a.state='cancelled'), sum(a.state='lost'), "
                             "sum(CASE WHEN a.state='finished' THEN a.seconds END), max(a.peak_bytes) "
                             "FROM attempts a JOIN segments s ON s.id=a.segment_id WHERE s.job_id=?");
    counts.bind(1, job.value);
    counts.executeStep();
    summary.started = counts.getColumn(0).getInt64();
    summary.finished = counts.getColumn(1).getInt64();
    summary.failed = counts.getColumn(2).getInt64();
    summary.cancelled = counts.getColumn(3).getInt64();
    summary.lost = counts.getColumn(4).getInt64();
    summary.seconds = counts.getColumn(5).getDouble();
    summary.peak_bytes = counts.getColumn(6).getInt64();
    SQLite::Statement messages(
        *db_,
        "SELECT 'clips ' || s.begin_clip || ':' || s.end_clip || ' ' || a.state || ': ' || "
        "ifnull(a.message, '') FROM attempts a JOIN segments s ON s.id=a.segment_id "
        "WHERE s.job_id=? AND a.state IN ('failed', 'lost') ORDER BY a.id LIMIT 20");
    messages.bind(1, job.value);
    while (messages.executeStep()) summary.messages.push_back(messages.getColumn(0).getString());
    return summary;
  });
}

std::vector<std::string> JobStore::last_failures(Epoch since, int at_most) const {
  return with_sqlite_errors(file_, [&] {
    std::vector<std::string> reasons;
    SQLite::Statement rows(*db_,
                           "SELECT message FROM attempts WHERE epoch>=? AND state IN ('failed', 'lost') "
                           "AND message IS NOT NULL GROUP BY message ORDER BY max(id) DESC LIMIT ?");
    SQLite::bind(rows, since.value, at_most);
    while (rows.executeStep()) reasons.push_back(rows.getColumn(0).getString());
    return reasons;
  });
}

std::optional<std::int64_t> JobStore::least_shortage_bytes(JobId job, const std::string& profile) const {
  return with_sqlite_errors(file_, [&]() -> std::optional<std::int64_t> {
    SQLite::Statement least(*db_,
                            "SELECT min(s.predicted_bytes) FROM shortages s JOIN run r ON r.epoch=s.epoch "
                            "WHERE s.job_id=? AND r.profile=? AND s.predicted_bytes>0");
    SQLite::bind(least, job.value, profile);
    least.executeStep();
    if (least.getColumn(0).isNull()) return std::nullopt;
    return least.getColumn(0).getInt64();
  });
}

std::vector<StoredAttempt> JobStore::attempts_of(JobId job) const {
  return with_sqlite_errors(file_, [&] {
    std::vector<StoredAttempt> attempts;
    SQLite::Statement rows(*db_, "SELECT " + std::string(kAttemptColumns) +
                                     " FROM attempts a JOIN segments s ON s.id=a.segment_id WHERE s.job_id=? "
                                     "ORDER BY s.begin_clip, a.id");
    rows.bind(1, job.value);
    while (rows.executeStep()) attempts.push_back(attempt_of(rows));
    return attempts;
  });
}

std::vector<StoredEvent> JobStore::last_events(const std::string& job, int at_most) const {
  return with_sqlite_errors(file_, [&] {
    std::vector<StoredEvent> events;
    SQLite::Statement rows(*db_, "SELECT " + std::string(kEventColumns) +
                                     " FROM (SELECT * FROM events "
                                     "WHERE ?1='' OR job=?1 ORDER BY id DESC LIMIT ?2) ORDER BY id");
    SQLite::bind(rows, job, at_most);
    while (rows.executeStep()) events.push_back(event_of(rows));
    return events;
  });
}

}  // namespace longtake
