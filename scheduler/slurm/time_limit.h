#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace longtake {

/// Seconds of a time limit as sbatch takes it (sbatch(1), --time): MINUTES, MINUTES:SECONDS,
/// HOURS:MINUTES:SECONDS, DAYS-HOURS, DAYS-HOURS:MINUTES or DAYS-HOURS:MINUTES:SECONDS. nullopt for anything
/// else, also for 0, which means no limit.
std::optional<std::int64_t> time_limit_seconds(const std::string& text);

}  // namespace longtake
