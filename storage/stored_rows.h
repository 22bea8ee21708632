#pragma once

#include <SQLiteCpp/SQLiteCpp.h>

#include "storage/job_store.h"

/// Rows of the database as values. Each reader wants the columns that stand above it, in their order.
namespace longtake {

inline constexpr const char* kRunColumns =
    "epoch, host, pid, profile, started_at, ended_at, exit_code, message, progress";
StoredRun run_of(SQLite::Statement& row);

/// Of attempts `a` joined with their segments `s`.
inline constexpr const char* kAttemptColumns =
    "a.id, s.begin_clip, s.end_clip, a.epoch, a.group_id, a.ranks, a.host, a.state, a.error_kind, a.message, "
    "a.started_at, a.ended_at, a.seconds";
StoredAttempt attempt_of(SQLite::Statement& row);

inline constexpr const char* kEventColumns = "at, kind, job, text";
StoredEvent event_of(SQLite::Statement& row);

/// With its ranges and segments, which are read from `db`.
inline constexpr const char* kJobColumns =
    "id, name, identity, identity_of, engine, state, message, height, width, film_frames, clips, "
    "infer_frames, segment_clips, output";
StoredJob job_of(SQLite::Database& db, SQLite::Statement& row);

}  // namespace longtake
