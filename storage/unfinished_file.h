#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

/// What the scheduler knows of an engine's unfinished segment (docs/formats.md); the rest is the engine's.
namespace longtake {

/// The file's metadata holds under this key how far the segment is. The longer it was worked on, the more.
inline constexpr const char* kPassesDone = "passes_done";

/// nullopt when the file is not there or does not say so.
std::optional<std::int64_t> passes_done_of(const std::filesystem::path& unfinished);

}  // namespace longtake
