#include "rank/slate/typeface.h"

#include <ft2build.h>
#include FT_FREETYPE_H

#include "jobs/error.h"
#include "rank/slate/layout.h"

namespace longtake {
namespace {

void check(FT_Error code, const std::filesystem::path& font, const char* doing) {
  if (code == 0) return;
  throw Error(ErrorKind::InvalidInput, std::string("cannot ") + doing + " the slate's font " + font.string() +
                                           " (FreeType error " + std::to_string(code) +
                                           "); LONGTAKE_SLATE_FONT may name another");
}

Glyph copy_of(const FT_GlyphSlotRec_& slot) {
  Glyph glyph;
  glyph.left = slot.bitmap_left;
  glyph.top = slot.bitmap_top;
  glyph.width = static_cast<int>(slot.bitmap.width);
  glyph.height = static_cast<int>(slot.bitmap.rows);
  for (int y = 0; y < glyph.height; ++y) {
    const unsigned char* row = slot.bitmap.buffer + static_cast<std::ptrdiff_t>(y) * slot.bitmap.pitch;
    glyph.coverage.insert(glyph.coverage.end(), row, row + glyph.width);
  }
  return glyph;
}

}  // namespace

struct Typeface::Face {
  FT_Library library = nullptr;
  FT_Face face = nullptr;
  ~Face() {
    if (face != nullptr) FT_Done_Face(face);
    if (library != nullptr) FT_Done_FreeType(library);
  }
};

Typeface::Typeface(std::filesystem::path font) : font_(std::move(font)), face_(std::make_unique<Face>()) {
  check(FT_Init_FreeType(&face_->library), font_, "prepare");
  check(FT_New_Face(face_->library, font_.c_str(), 0, &face_->face), font_, "open");
}

Typeface::~Typeface() = default;

GlyphSet Typeface::glyphs(int em) const {
  check(FT_Set_Pixel_Sizes(face_->face, 0, static_cast<FT_UInt>(em)), font_, "scale");
  GlyphSet set;
  set.advance = advance_of(em);
  for (std::size_t i = 0; i < set.glyphs.size(); ++i) {
    const auto character = static_cast<FT_ULong>(GlyphSet::kFirst) + i;
    check(FT_Load_Char(face_->face, character, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT), font_, "draw with");
    set.glyphs[i] = copy_of(*face_->face->glyph);
  }
  return set;
}

}  // namespace longtake
