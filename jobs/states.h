#pragma once

#include <string_view>

/// Where a job, a segment, an attempt and a rank can be. docs/ARCHITECTURE.md draws the transitions.
namespace longtake {

enum class JobState { Pending, Running, Joining, Done, Failed };
enum class SegmentState { Pending, Running, Finished };
enum class AttemptState { Running, Finished, Failed, Cancelled, Lost };
enum class RankState { Joined, Lost, Left, Blocked };

/// The spelling in tables, JSON and text.
std::string_view name_of(JobState state);
std::string_view name_of(SegmentState state);
std::string_view name_of(AttemptState state);
std::string_view name_of(RankState state);

/// Inverse. Throw Error{Io} for an unknown name: the database is not one of ours.
JobState job_state_from(std::string_view name);
SegmentState segment_state_from(std::string_view name);

inline bool is_final(JobState state) { return state == JobState::Done || state == JobState::Failed; }

}  // namespace longtake
