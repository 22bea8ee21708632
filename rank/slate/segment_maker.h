#pragma once

#include <filesystem>
#include <optional>

#include "rank/engine_side/segment_service.h"

namespace longtake {

/// Changes whenever a slate's pixels may change.
inline constexpr const char* kSlateVersion = "2";

/// Renders every frame of the segment and leaves it and its carry durable under their final names, the
/// segment last: its name says that both are complete. nullopt when it was given up; then, and when
/// this throws, nothing is left under the segment's name that was not there before.
/// Throws Error: InvalidInput for inputs or a carry that do not fit the order, DiskFull or Io for the disk.
std::optional<SegmentFacts> make_slate_segment(const SegmentOrder& order, const std::filesystem::path& font,
                                               const AfterFrame& after_frame);

}  // namespace longtake
