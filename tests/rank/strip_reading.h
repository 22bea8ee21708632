#pragma once

#include <cstdint>
#include <vector>

#include "jobs/clip_math.h"
#include "rank/slate/strip.h"

namespace longtake {

/// The frame number in the strip of a decoded picture: `luma` is height x width bytes. Each cell is read
/// in its middle, as a checker that knows only the contract would.
inline std::int64_t read_strip(const std::uint8_t* luma, FrameSize size) {
  std::int64_t frame = 0;
  const std::int64_t row = size.height - kStripRows / 2;
  for (int cell = 0; cell < kStripCells; ++cell) {
    const std::int64_t column = (2 * cell + 1) * size.width / (2 * kStripCells);
    frame = frame * 2 + (luma[row * size.width + column] > 127 ? 1 : 0);
  }
  return frame;
}

/// One channel of an RGB picture.
inline std::vector<std::uint8_t> channel_of(const std::uint8_t* rgb, FrameSize size, int channel) {
  std::vector<std::uint8_t> values;
  for (std::int64_t i = 0; i < std::int64_t{size.height} * size.width; ++i)
    values.push_back(rgb[i * 3 + channel]);
  return values;
}

}  // namespace longtake
