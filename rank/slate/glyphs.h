#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace longtake {

/// The picture of one character: how much of each pixel it covers, 0 to 255, row by row.
struct Glyph {
  int left = 0;  ///< from the pen to the first column
  int top = 0;   ///< from the baseline up to the first row
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> coverage;
};

/// Printable ASCII in one size of a typewriter face.
struct GlyphSet {
  static constexpr char kFirst = ' ';
  static constexpr char kLast = '~';

  int advance = 0;  ///< from one character to the next, in pixels
  std::array<Glyph, kLast - kFirst + 1> glyphs;

  /// '?' stands for every character outside printable ASCII.
  const Glyph& of(char character) const {
    const bool is_known = kFirst <= character && character <= kLast;
    return glyphs[static_cast<std::size_t>((is_known ? character : '?') - kFirst)];
  }
};

}  // namespace longtake
