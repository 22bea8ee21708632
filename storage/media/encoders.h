#pragma once

#include <string>
#include <vector>

namespace longtake {

/// Of the FFmpeg that this process has loaded.
std::string ffmpeg_version();

/// The encoders that films need and that it was built without, by FFmpeg's names: "libx264", "aac".
std::vector<std::string> missing_encoders();

}  // namespace longtake
