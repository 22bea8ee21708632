#pragma once

#include <cstdint>

#include "rank/slate/canvas.h"

namespace longtake {

/// The machine-readable frame number: the bottom 16 rows hold 32 equal cells from left to right, white
/// for 1, black for 0, most significant bit first. docs/formats.md
inline constexpr int kStripRows = 16;
inline constexpr int kStripCells = 32;

/// `frame`: index in the film, from 0. Opaque: nothing of the picture is left in the strip.
void draw_strip(const Canvas& canvas, std::int64_t frame);

}  // namespace longtake
