#pragma once

#include <cstdint>
#include <vector>

#include "scheduler/planner/plan.h"

/// Films and a cluster that nobody has, for a simulation.
namespace longtake {

struct MadeUpFilms {
  int jobs = 1;
  double hours = 1;  ///< of all films together
  std::uint64_t seed = 1;
};

/// Films of the model at 704*384 with a mix of lengths as a studio has it: most are short, a few very long
/// (log-normal with deviation 1, between a minute and 20 times the mean before all are scaled to `hours`).
std::vector<JobInput> made_up_films(const MadeUpFilms& films, const ModelShape& model);

/// `slots` GPUs (or CPU slots) on hosts of `profile`, a rank each; the last host may have fewer.
SlotInventory made_up_cluster(const Profile& profile, int slots);

/// GPUs, or CPU slots where there are none, of one host of `profile`.
int slots_of_node(const Profile& profile);

}  // namespace longtake
