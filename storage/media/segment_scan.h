#pragma once

#include <filesystem>

#include "storage/media/segment_file.h"

namespace longtake {

enum class Decoding { FirstAndLast, All };

/// Reads all packets of a segment, checks what SegmentWriter promises (H.264, yuv420p, key frame first,
/// frame i at i/25 s) and decodes what `decoding` asks for. Throws Error{Io} naming file and fault.
/// Internal to storage/media.
SegmentContents scan_segment(const std::filesystem::path& path, Decoding decoding);

}  // namespace longtake
