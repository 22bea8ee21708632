#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "jobs/clip_math.h"
#include "jobs/segment.h"

/// Reading segment files back: a look that costs microseconds for a resume with thousands of them, and
/// a complete one for a file that is in doubt.
namespace longtake {

/// Why the file cannot be the segment of `facts`: missing, another size, its box structure torn. nullopt
/// when nothing speaks against it. Walks the top-level boxes only; decodes nothing. Throws nothing.
std::optional<std::string> find_quick_fault(const std::filesystem::path& path, const SegmentFacts& facts);

struct SegmentContents {
  SegmentFacts facts;
  FrameSize size;
  std::string tag;  ///< VideoFormat::tag
};

/// Reads and decodes the whole file. Throws Error{Io} naming the fault when it is torn, damaged, or not
/// a segment as SegmentWriter makes them.
SegmentContents inspect_segment(const std::filesystem::path& path);

/// Decodes the whole first video track of any file and counts its frames. Throws Error{Io}.
std::int64_t count_decoded_frames(const std::filesystem::path& path);

}  // namespace longtake
