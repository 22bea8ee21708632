#pragma once

#include <filesystem>
#include <optional>

#include "storage/media/film_join.h"

namespace longtake {

/// First half of a join: writes the film of `order` to `file`, packet by packet. Gives back the first
/// segment that does not hold what its facts say; `file` is then useless. Internal to storage/media.
std::optional<BadSegment> copy_film(const JoinOrder& order, const std::filesystem::path& file,
                                    const JoinProgress& progress);

}  // namespace longtake
