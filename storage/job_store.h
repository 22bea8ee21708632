#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jobs/clip_math.h"
#include "jobs/ids.h"
#include "jobs/interval.h"
#include "jobs/segment.h"
#include "jobs/states.h"
#include "storage/change.h"

namespace SQLite {
class Database;
}

namespace longtake {

struct StoredSegment {
  SegmentId id;
  Interval clips;
  SegmentState state = SegmentState::Pending;
  std::optional<SegmentFacts> facts;  ///< of a finished one
};

struct StoredRange {
  RangeId id;
  Interval clips;
  std::vector<StoredSegment> segments;  ///< in order
};

struct StoredJob {
  JobId id;
  std::string name;
  std::string identity;
  std::string identity_of;  ///< JSON
  std::string engine;
  JobState state = JobState::Pending;
  std::string message;
  FrameSize size;  ///< as it is made; the size asked for is in `identity_of`
  std::int64_t film_frames = 0;
  std::int64_t clips = 0;
  int infer_frames = 0;
  int segment_clips = 0;
  std::string output;
  std::vector<StoredRange> ranges;

  std::int64_t frames_finished() const;
};

/// A row of `events`.
struct StoredEvent {
  std::string at;
  std::string kind;
  std::string job;
  std::string text;
};

/// A row of `run`: one start of a scheduler.
struct StoredRun {
  Epoch epoch;
  std::string host;
  int pid = 0;
  std::string profile;
  std::string started_at;
  std::string ended_at;  ///< empty: running, or killed
  std::optional<int> exit_code;
  std::string message;
  std::int64_t progress = 0;  ///< segments finished or found complete, films made, unfinished work that grew
};

/// How the tries at a job's segments ended, over all runs.
struct AttemptSummary {
  std::int64_t started = 0;
  std::int64_t finished = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;
  std::int64_t lost = 0;
  double seconds = 0;  ///< of the finished ones: group-seconds
  std::int64_t peak_bytes = 0;
  std::vector<std::string> messages;  ///< of those that failed or were lost, oldest first, at most 20
};

/// A row of `attempts`, with the clips of its segment.
struct StoredAttempt {
  AttemptId id;
  Interval clips;
  Epoch epoch;
  GroupId group;
  std::string ranks;  ///< "4 5"
  std::string host;
  std::string state;
  std::string error_kind;
  std::string message;
  std::string started_at;
  std::string ended_at;
  double seconds = 0;  ///< 0: it was not finished
};

/// The tables of a work directory. Every function throws Error{Io} or Error{DiskFull}; nothing is
/// half-saved then. Belongs to the scheduler's thread.
class JobStore {
 public:
  /// Opens exclusively (storage/database.h): there is one writer, the running scheduler.
  static JobStore open(const std::filesystem::path& file, int patience_ms);
  /// For `status`, `explain` and `report` when no scheduler runs: every function that saves throws.
  static JobStore open_to_read(const std::filesystem::path& file);
  JobStore(JobStore&&) noexcept;
  ~JobStore();

  /// A new row of `run`. Attempts an earlier run left running become lost, their segments pending.
  Epoch begin_run(const std::string& host, int pid, const std::string& profile, std::int64_t now_ms);
  void end_run(Epoch epoch, int exit_code, const std::string& message, std::int64_t now_ms);
  std::optional<StoredRun> newest_run() const;
  /// The newest first.
  std::vector<StoredRun> newest_runs(int at_most) const;

  std::vector<StoredJob> load_jobs() const;
  std::optional<StoredJob> find_job(const std::string& name) const;

  /// Adds `job` with its ranges and segments; ids in it are ignored, the stored job is returned.
  StoredJob add_job(const StoredJob& job, std::int64_t now_ms);

  /// The id the next attempt gets.
  AttemptId next_attempt() const;
  /// The first id that no segment of any job has.
  SegmentId next_segment() const;

  /// All of `changes` in one transaction, durable when this returns.
  void save(Epoch epoch, const std::vector<Change>& changes);

  AttemptSummary summarize_attempts(JobId job) const;
  /// By segment, then in the order in which they were started.
  std::vector<StoredAttempt> attempts_of(JobId job) const;
  /// Why attempts failed or were lost in the start `since` and later ones: each reason once, newest first.
  std::vector<std::string> last_failures(Epoch since, int at_most) const;
  /// The least predicted peak for which `job` turned out to have too little memory in runs with `profile`;
  /// nullopt: none.
  std::optional<std::int64_t> least_shortage_bytes(JobId job, const std::string& profile) const;
  /// Newest last. `job` empty: of all jobs.
  std::vector<StoredEvent> last_events(const std::string& job, int at_most) const;

 private:
  JobStore(std::filesystem::path file, std::unique_ptr<SQLite::Database> db);

  struct Statements;
  std::filesystem::path file_;
  std::unique_ptr<SQLite::Database> db_;
  std::unique_ptr<Statements> statements_;
};

/// "2026-11-23T05:48:11.250Z"
std::string utc_text(std::int64_t ms_since_1970);

}  // namespace longtake
