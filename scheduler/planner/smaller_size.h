#pragma once

#include <optional>

#include "jobs/clip_math.h"
#include "scheduler/planner/plan.h"
#include "scheduler/planner/profile.h"

namespace longtake {

/// The size at which `job` goes on when there was too little memory for each of its layouts: the largest area
/// below its present one, in the aspect of its image of `image` pixels, of which the leanest layout on up to
/// `most_ranks` is predicted to need less than the leanest one that failed. nullopt: there is none.
std::optional<FrameSize> next_smaller_size(const Profile& profile, const JobInput& job, FrameSize image,
                                           int most_ranks);

}  // namespace longtake
