#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/layout.h"
#include "scheduler/planner/avatar_cost.h"
#include "scheduler/planner/profile.h"

/// Which layout a job of the Live Avatar engine gets, and what to change when none fits.
namespace longtake {

/// A layout with what its stages need.
struct LayoutNeed {
  Layout layout;
  std::vector<StageMemory> memory;
};

/// What one rank's engine may use: of a GPU, what CUDA offers less the profile's reserve; without GPUs,
/// the slot's share of the host.
std::int64_t engine_capacity_bytes(const Profile& profile);

/// The layouts of a group of exactly `ranks`, the preferred one first. Empty when there are more ranks
/// than layers.
std::vector<Layout> layouts_of(const AvatarDemand& demand, int ranks);

/// The first of them whose peak fits every engine of this profile, and for whose like there was enough
/// memory.
std::optional<LayoutNeed> layout_that_fits(const Profile& profile, const AvatarDemand& demand, int ranks);

/// The smallest group of at most `most_ranks` that fits: small independent groups make more frames than
/// one large group.
std::optional<LayoutNeed> smallest_that_fits(const Profile& profile, const AvatarDemand& demand,
                                             int most_ranks);

/// Of all layouts on up to `most_ranks`, the one whose largest engine is smallest, whether it fits or not.
LayoutNeed leanest_layout(const AvatarDemand& demand, int most_ranks);

/// Why no GPU of this profile can compute in the demand's precision, and what would do: "precision: fp8 needs
/// ..., write precision: int8"; nullopt when it can.
std::optional<std::string> why_not_this_precision(const Profile& profile, const AvatarDemand& demand);

/// "704*384 needs 49.46 GB of a GPU (single, bf16), profile 1x24gb gives 24.70 GB: 24.76 GB too little; would
/// fit: precision: fp8 and kv_cache_dtype: fp8 with size 448*256, or 3 GPUs like this one (layers x 3)".
std::string why_nothing_fits(const Profile& profile, const AvatarDemand& demand, int most_ranks);

}  // namespace longtake
