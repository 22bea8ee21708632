#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Times as Slurm reads and writes them (sbatch(1), --time; squeue(1), %L).
namespace longtake {

/// Seconds of MINUTES, MINUTES:SECONDS, HOURS:MINUTES:SECONDS, DAYS-HOURS, DAYS-HOURS:MINUTES or
/// DAYS-HOURS:MINUTES:SECONDS. nullopt for anything else.
std::optional<std::int64_t> slurm_duration_s(const std::string& text);

/// Whether as a time limit it means that there is none: UNLIMITED, INFINITE, or a duration of 0.
bool is_without_limit(const std::string& text);

/// Seconds of a time limit; nullopt where there is no limit, and for what is none.
std::optional<std::int64_t> time_limit_s(const std::string& text);

}  // namespace longtake
