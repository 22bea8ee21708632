#pragma once

#include <cstdint>
#include <optional>

namespace longtake {

/// The most memory that this process has had since forget_process_peak(), as Linux counts it. nullopt where
/// /proc does not say.
std::optional<std::int64_t> process_peak_bytes();
void forget_process_peak();

}  // namespace longtake
