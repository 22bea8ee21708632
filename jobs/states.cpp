#include "jobs/states.h"

#include <array>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr std::array<std::string_view, 5> kJobStates = {"pending", "running", "joining", "done", "failed"};
constexpr std::array<std::string_view, 3> kSegmentStates = {"pending", "running", "finished"};
constexpr std::array<std::string_view, 5> kAttemptStates = {"running", "finished", "failed", "cancelled", "lost"};
constexpr std::array<std::string_view, 4> kRankStates = {"joined", "lost", "left", "blocked"};

template <class State, std::size_t N>
State state_from(const std::array<std::string_view, N>& names, std::string_view name, const char* of_what) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<State>(i);
  }
  throw Error(ErrorKind::Io, "unknown state '" + std::string(name) + "' of a " + of_what + " in the database");
}

}  // namespace

std::string_view name_of(JobState state) { return kJobStates.at(static_cast<std::size_t>(state)); }
std::string_view name_of(SegmentState state) { return kSegmentStates.at(static_cast<std::size_t>(state)); }
std::string_view name_of(AttemptState state) { return kAttemptStates.at(static_cast<std::size_t>(state)); }
std::string_view name_of(RankState state) { return kRankStates.at(static_cast<std::size_t>(state)); }

JobState job_state_from(std::string_view name) { return state_from<JobState>(kJobStates, name, "job"); }
SegmentState segment_state_from(std::string_view name) {
  return state_from<SegmentState>(kSegmentStates, name, "segment");
}

}  // namespace longtake
