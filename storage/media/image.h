#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "jobs/clip_math.h"

/// Portraits: PNG, JPEG and WebP, grey to RGBA, 8 or 16 bit, up to 12,000 pixels a side.
/// A file that is missing, empty, truncated, damaged, too large or no such image is
/// Error{InvalidInput}: one line naming the file and what would be right.
namespace longtake {

inline constexpr int kLargestImageSide = 12000;

struct ImageInfo {
  FrameSize size;     ///< as a person sees it: after EXIF orientation
  std::string codec;  ///< "png", "jpeg", "webp"
  bool has_alpha = false;
  int bits_per_channel = 8;
  int exif_orientation = 1;  ///< 1 to 8; 1 is upright
};

/// Height x width x 3 bytes, rows from the top, no padding.
struct RgbImage {
  FrameSize size;
  std::vector<std::uint8_t> rgb;
};

/// Reads the file's structure only; the pixels may still turn out to be damaged.
ImageInfo probe_image(const std::filesystem::path& path);

/// The image as it fills a film of `target` pixels: upright, scaled to cover with a Lanczos filter as
/// wide as the reduction asks for, cropped evenly on both sides. Transparent parts show neutral grey
/// (128): black or white would tint the edges of a cut-out person.
RgbImage load_framed_image(const std::filesystem::path& path, FrameSize target);

/// The image at its own size, upright, transparent parts over grey.
RgbImage read_png(const std::filesystem::path& path);

/// Complete and durable when this returns. Throws Error{Io} or Error{DiskFull}.
void write_png(const std::filesystem::path& path, const RgbImage& image);

/// For advice on portraits that are blurred, over-retouched, too dark or too bright.
struct ImageDetail {
  double sharpness = 0;  ///< variance of the Laplacian of luma (0 to 255), sides reduced to at most 512
  double mean_luma = 0;  ///< 0 to 255, BT.709 weights
};

ImageDetail measure_detail(const RgbImage& image);

}  // namespace longtake
