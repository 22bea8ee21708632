#pragma once

#include <filesystem>

#include "storage/media/film_join.h"

namespace longtake {

/// Second half of a join: proves that `file` is the film of `order`, reading it from the disk. A segment
/// whose first or last frame decodes to something else than its facts hold is given back as bad; every
/// other fault is Error{Io}. Internal to storage/media.
JoinOutcome check_film(const JoinOrder& order, const std::filesystem::path& file);

}  // namespace longtake
