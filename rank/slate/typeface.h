#pragma once

#include <filesystem>
#include <memory>

#include "rank/slate/glyphs.h"

namespace longtake {

/// A font file, opened: the one home of FreeType. Used by one thread.
/// Throws Error{InvalidInput} naming the file when it is missing or no font that can be drawn.
class Typeface {
 public:
  explicit Typeface(std::filesystem::path font);
  ~Typeface();

  /// Every printable ASCII character at `em` pixels. The advance is that of kAdvancePerEm, whatever the
  /// font says: the layout counts on it.
  GlyphSet glyphs(int em) const;

 private:
  struct Face;
  std::filesystem::path font_;
  std::unique_ptr<Face> face_;
};

}  // namespace longtake
