#pragma once

#include <cstdint>
#include <optional>

namespace longtake {

/// The most memory that this process has had since forget_process_peak(), as Linux counts it. nullopt where
/// /proc does not say.
std::optional<std::int64_t> process_peak_bytes();

/// First returns to the system what was freed but kept for later: random weights leave holes behind that
/// weights of a file do not.
void forget_process_peak();

}  // namespace longtake
