#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "tests/system/support/process_tree.h"
#include "tests/system/support/project.h"

/// Random moments in the life of a run, for killing something then.
namespace longtake {

enum class Phase {
  Starting,    ///< counted from when the victim is there
  Generating,  ///< counted from the next new segment
  Joining,     ///< counted from the first byte of the film
};

struct Moment {
  Phase phase = Phase::Starting;
  std::chrono::milliseconds delay{0};
};

/// `count` moments of all phases in an order that `seed` shuffles. Equal for equal seeds.
std::vector<Moment> random_moments(int count, unsigned seed);

/// Who is to be killed.
struct Victim {
  Role role = Role::Rank;
  int rank = -1;  ///< -1: any
};

/// Waits until `run` of job `job` has come to the moment and returns the victim's process; nullopt when the
/// run ended before, or has no such process any more.
std::optional<RunProcess> wait_for(const Moment& moment, const Victim& victim, const Project& project,
                                   const std::string& job, Process& run);

/// "generating + 120 ms"
std::string describe(const Moment& moment);

}  // namespace longtake
