#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/media/image.h"

namespace longtake {

/// What the structure of an image file says, without decoding a pixel. Internal to storage/media.
struct ImageHeader {
  ImageInfo info;            ///< `size` is as stored, before orientation
  bool is_complete = false;  ///< the file reaches to its end marker: decoders fill a torn one with grey
  bool is_animated = false;
};

/// `file`: the bytes of a whole file. nullopt when they are not PNG, JPEG or WebP, or their header is torn.
std::optional<ImageHeader> parse_image_header(std::string_view file);

/// The orientation, 1 to 8, in a TIFF structure as EXIF holds it (EXIF 2.32, tag 0x0112); 1 when it has none.
int exif_orientation_of(std::string_view tiff);

}  // namespace longtake
