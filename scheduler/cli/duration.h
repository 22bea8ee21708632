#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Durations as people type them.
namespace longtake {

/// "7h30m", "90m", "1d", "45s"; nullopt when it is none.
std::optional<std::int64_t> duration_s(const std::string& text);

/// Of --drain-time; of an empty text the default. Throws Error{InvalidInput}.
std::int64_t drain_ms_of(const std::string& text);

/// Of --end-reserve; never less than the default, which is that of an empty text. Throws Error{InvalidInput}.
std::int64_t end_reserve_ms_of(const std::string& text);

}  // namespace longtake
