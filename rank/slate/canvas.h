#pragma once

#include <cstdint>
#include <string_view>

#include "jobs/clip_math.h"
#include "rank/slate/glyphs.h"

namespace longtake {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};

/// Pixels [x, right()) x [y, bottom()).
struct Rect {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
  int right() const { return x + width; }
  int bottom() const { return y + height; }
};

/// Somebody else's picture, height x width x 3 bytes. Whatever is drawn is cut off at its edges.
struct Canvas {
  std::uint8_t* rgb = nullptr;
  FrameSize size;
};

/// `opacity`: 0 leaves the picture as it is, 255 paints over it.
void paint(const Canvas& canvas, const Rect& rect, Colour colour, int opacity = 255);

/// One line of text on the typewriter grid of `glyphs`: character i begins at x + i * advance. Returns
/// the x after the last one.
int write_text(const Canvas& canvas, const GlyphSet& glyphs, int x, int baseline, std::string_view text,
               Colour colour);

}  // namespace longtake
