#pragma once

#include <filesystem>
#include <optional>

#include "rank/engine_side/segment_service.h"

namespace longtake {

/// Changes whenever a slate's pixels may change.
inline constexpr const char* kSlateVersion = "2";

/// Renders every frame of the segment and leaves it and its carry durable under their final names, the
/// segment last: its name says that both are complete. nullopt when it was given up; then, and when
/// this throws, nothing is left under the segment's name that was not there before. When time runs short it
/// is cut: a segment of the clips that are done, under its own names, is what PartMade then tells of. Throws
/// Error: InvalidInput for inputs or a carry that do not fit the order, DiskFull or Io for the disk.
std::optional<PartMade> make_slate_segment(const SegmentOrder& order, const std::filesystem::path& font,
                                           const AfterFrame& after_frame);

}  // namespace longtake
