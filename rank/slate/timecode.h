#pragma once

#include <cstdint>
#include <string>

namespace longtake {

/// "hh:mm:ss:ff" at 25 frames a second; the hours go on beyond 24.
std::string timecode(std::int64_t frame);

}  // namespace longtake
