#include "rank/slate/canvas.h"

#include <algorithm>

namespace longtake {
namespace {

/// below + (above - below) * opacity / 255, rounded.
std::uint8_t mix(std::uint8_t below, std::uint8_t above, int opacity) {
  return static_cast<std::uint8_t>((below * (255 - opacity) + above * opacity + 127) / 255);
}

void mix_pixel(std::uint8_t* pixel, Colour colour, int opacity) {
  pixel[0] = mix(pixel[0], colour.red, opacity);
  pixel[1] = mix(pixel[1], colour.green, opacity);
  pixel[2] = mix(pixel[2], colour.blue, opacity);
}

Rect inside(const Canvas& canvas, const Rect& rect) {
  const int x = std::clamp(rect.x, 0, canvas.size.width);
  const int y = std::clamp(rect.y, 0, canvas.size.height);
  return {x, y, std::clamp(rect.right(), x, canvas.size.width) - x,
          std::clamp(rect.bottom(), y, canvas.size.height) - y};
}

std::uint8_t* pixel_at(const Canvas& canvas, int x, int y) {
  return canvas.rgb + (static_cast<std::ptrdiff_t>(y) * canvas.size.width + x) * 3;
}

void stamp(const Canvas& canvas, const Glyph& glyph, int x, int baseline, Colour colour) {
  const Rect whole = {x + glyph.left, baseline - glyph.top, glyph.width, glyph.height};
  const Rect seen = inside(canvas, whole);
  for (int y = seen.y; y < seen.bottom(); ++y) {
    const std::uint8_t* coverage =
        glyph.coverage.data() + static_cast<std::ptrdiff_t>(y - whole.y) * glyph.width + (seen.x - whole.x);
    std::uint8_t* pixel = pixel_at(canvas, seen.x, y);
    for (int column = 0; column < seen.width; ++column, pixel += 3) {
      if (coverage[column] != 0) mix_pixel(pixel, colour, coverage[column]);
    }
  }
}

}  // namespace

void paint(const Canvas& canvas, const Rect& rect, Colour colour, int opacity) {
  const Rect seen = inside(canvas, rect);
  for (int y = seen.y; y < seen.bottom(); ++y) {
    std::uint8_t* pixel = pixel_at(canvas, seen.x, y);
    for (int column = 0; column < seen.width; ++column, pixel += 3) mix_pixel(pixel, colour, opacity);
  }
}

int write_text(const Canvas& canvas, const GlyphSet& glyphs, int x, int baseline, std::string_view text,
               Colour colour) {
  for (const char character : text) {
    stamp(canvas, glyphs.of(character), x, baseline, colour);
    x += glyphs.advance;
  }
  return x;
}

}  // namespace longtake
