#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "jobs/clip_math.h"
#include "jobs/error.h"
#include "jobs/ids.h"
#include "jobs/segment.h"
#include "jobs/states.h"

/// What the scheduler wants remembered, as values. The store applies all changes of one event in one
/// transaction. Times are milliseconds since 1970 (UTC).
namespace longtake {

struct JobMoved {
  JobId job;
  JobState to = JobState::Pending;
  std::string message;  ///< why it failed; empty otherwise
  std::int64_t at_ms = 0;
};

/// Also moves the segment to running.
struct AttemptStarted {
  AttemptId attempt;
  SegmentId segment;
  GroupId group;
  std::int64_t at_ms = 0;
  std::string ranks{};  ///< in the order of their stages: "4 5"
  std::string host{};
};

/// Also moves the segment to finished.
struct AttemptSucceeded {
  AttemptId attempt;
  SegmentId segment;
  SegmentFacts facts;
  double seconds = 0;
  std::int64_t peak_bytes = 0;
  std::int64_t at_ms = 0;
};

/// Also moves the segment back to pending.
struct AttemptEnded {
  AttemptId attempt;
  SegmentId segment;
  AttemptState to = AttemptState::Failed;
  ErrorKind kind = ErrorKind::Bug;
  std::string message;
  std::int64_t at_ms = 0;
  std::int64_t peak_bytes = 0;  ///< of its largest engine; 0: not known
};

/// `segment` ends at clip `at` from now on; what is left becomes a pending segment of its own.
struct SegmentCut {
  SegmentId segment;
  std::int64_t at = 0;
  SegmentId rest;  ///< not used before
};

/// A finished segment whose file turned out to be missing or bad: to be made again.
struct SegmentReopened {
  SegmentId segment;
  std::string why{};  ///< kept with the attempt that had finished it
};

/// A complete file found on the disk that the database did not know as finished: its maker died between
/// rename and commit. Its last attempt, if it has one, becomes finished.
struct SegmentAdopted {
  SegmentId segment;
  SegmentFacts facts;
  std::int64_t at_ms = 0;
};

/// There was less memory than a layout of the job needs; the next start does not choose it again.
struct MemoryRanOut {
  JobId job;
  std::string layout;  ///< for people: "layers x 2"
  FrameSize size;
  std::int64_t predicted_bytes = 0;  ///< of its largest engine; 0: not known
  std::int64_t at_ms = 0;
};

/// The job is made at `size` from now on. Its segments of the old size are reopened by changes of their own.
struct JobResized {
  JobId job;
  FrameSize size;
};

/// The run has left more of unfinished segments than it found. That is progress.
struct WorkKept {};

struct RankMoved {
  RankId rank;
  RankState to = RankState::Joined;
  std::string host;
  int pid = 0;
  std::string device;
  std::string message;
  std::int64_t at_ms = 0;
};

struct EventNoted {
  std::string kind;  ///< a word: "run", "job", "attempt", "rank", "disk", "drain"
  std::string job;   ///< empty: of no job
  std::string text;
  std::int64_t at_ms = 0;
};

using Change =
    std::variant<JobMoved, AttemptStarted, AttemptSucceeded, AttemptEnded, SegmentCut, SegmentReopened,
                 SegmentAdopted, MemoryRanOut, JobResized, WorkKept, RankMoved, EventNoted>;

}  // namespace longtake
