#pragma once

#include <cstdint>
#include <string>

#include "rank/slate/glyphs.h"
#include "rank/slate/layout.h"
#include "rank/slate/typeface.h"
#include "storage/media/image.h"

namespace longtake {

/// What a slate says that does not change from frame to frame.
struct SlateFilm {
  std::string job;
  int infer_frames = 48;
  std::int64_t film_frames = 0;
};

/// Draws the frames of one film: the reference image with the slate on it. A frame depends on the film,
/// its index and its sound level only, not on how the film is cut. Used by one thread.
class Slate {
 public:
  Slate(RgbImage reference, SlateFilm film, const Typeface& typeface);

  /// Height x width x 3 bytes, valid until the next call.
  const std::uint8_t* draw(std::int64_t frame, double level_db);

 private:
  void draw_still_parts();
  void draw_details(std::int64_t frame);
  void draw_meter(double level_db);
  void draw_place_in_film(std::int64_t frame);

  SlateFilm film_;
  std::int64_t clips_;
  SlateLayout layout_;
  GlyphSet big_;
  GlyphSet small_;
  RgbImage still_;  // what no frame changes
  RgbImage frame_;  // still_ with one frame's slate on it
  Canvas canvas_;   // on frame_
};

}  // namespace longtake
