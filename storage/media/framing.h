#pragma once

#include <cstdint>
#include <vector>

#include "jobs/clip_math.h"
#include "storage/media/image.h"

namespace longtake {

/// Scales an image to cover `target` and crops it evenly, one source row at a time, so that only the
/// result is held in memory. Internal to storage/media.
///
/// The crop is a rectangle in source coordinates, which need not fall on whole pixels, and pixel centres
/// map to pixel centres: nothing shifts, and a symmetric image stays symmetric. Filter: Lanczos with
/// three lobes, widened by the reduction (so it averages instead of skipping pixels); at scale 1 it
/// copies exactly.
class CoverScaler {
 public:
  CoverScaler(FrameSize source, FrameSize target);

  /// The next row from the top: source.width pixels of four floats, red green blue unused, 0 to 255.
  void add_row(const float* rgbx);

  /// After source.height rows.
  RgbImage finish() const;

 private:
  /// The source pixels that make one target pixel: weights of [begin, begin + weights.size()).
  struct Taps {
    int begin = 0;
    std::vector<float> weights;  ///< their sum is 1
  };
  static std::vector<Taps> taps_along(int source, int target, double scale);

  FrameSize target_;
  std::vector<Taps> columns_;
  std::vector<Taps> rows_;
  std::vector<float> row_;  ///< one source row scaled to the target's width
  std::vector<float> sum_;  ///< the result so far
  int next_row_ = 0;
  int first_open_row_ = 0;  ///< target rows before it need no more source rows
};

/// `image` turned and mirrored as EXIF orientation `orientation` (1 to 8) asks for, to stand upright.
RgbImage made_upright(RgbImage image, int orientation);

/// The size of an image of `stored` pixels once it is upright, and the other way round.
FrameSize turned(FrameSize stored, int orientation);

}  // namespace longtake
