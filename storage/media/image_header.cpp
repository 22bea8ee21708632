#include "storage/media/image_header.h"

namespace longtake {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n"sv;
constexpr std::string_view kExifSignature = "Exif\0\0"sv;

std::uint32_t byte_at(std::string_view bytes, std::size_t at) {
  return at < bytes.size() ? static_cast<std::uint8_t>(bytes[at]) : 0U;
}

std::uint32_t big_endian(std::string_view bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = 0; i < size; ++i) value = value << 8 | byte_at(bytes, at + static_cast<std::size_t>(i));
  return value;
}

std::uint32_t little_endian(std::string_view bytes, std::size_t at, int size) {
  std::uint32_t value = 0;
  for (int i = size - 1; i >= 0; --i) value = value << 8 | byte_at(bytes, at + static_cast<std::size_t>(i));
  return value;
}

bool has_at(std::string_view bytes, std::size_t at, std::string_view text) {
  return at <= bytes.size() && bytes.substr(at, text.size()) == text;
}

std::string_view without_exif_signature(std::string_view exif) {
  return has_at(exif, 0, kExifSignature) ? exif.substr(kExifSignature.size()) : exif;
}

ImageHeader png_header(std::string_view file) {
  ImageHeader header;
  header.info.codec = "png";
  header.info.size = {static_cast<int>(big_endian(file, 20, 4)), static_cast<int>(big_endian(file, 16, 4))};
  header.info.bits_per_channel = static_cast<int>(byte_at(file, 24));
  header.info.has_alpha = (byte_at(file, 25) & 4U) != 0;  // colour types 4 and 6
  for (std::size_t at = kPngSignature.size(); at + 12 <= file.size();) {
    const std::size_t length = big_endian(file, at, 4);
    if (length > file.size() - at - 12) break;
    const std::string_view type = file.substr(at + 4, 4);
    if (type == "tRNS"sv) header.info.has_alpha = true;
    if (type == "eXIf"sv) header.info.exif_orientation = exif_orientation_of(file.substr(at + 8, length));
    if (type == "IEND"sv) {
      header.is_complete = true;
      break;
    }
    at += length + 12;
  }
  return header;
}

/// SOF0 to SOF15 without DHT (C4), JPG (C8) and DAC (CC).
bool is_start_of_frame(std::uint32_t marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

/// The next marker from `at` on, skipping entropy-coded data (stuffed FF00, restart markers) and fill
/// bytes; the position after it, npos when there is none.
std::size_t after_next_marker(std::string_view file, std::size_t at) {
  for (; at + 1 < file.size(); ++at) {
    const std::uint32_t code = byte_at(file, at + 1);
    if (byte_at(file, at) == 0xff && code != 0 && code != 0xff && (code < 0xd0 || code > 0xd7)) return at + 2;
  }
  return std::string_view::npos;
}

ImageHeader jpeg_header(std::string_view file) {
  ImageHeader header;
  header.info.codec = "jpeg";
  for (std::size_t at = after_next_marker(file, 2); at != std::string_view::npos;) {
    const std::uint32_t marker = byte_at(file, at - 1);
    if (marker == 0xd9) {  // end of image
      header.is_complete = true;
      break;
    }
    const std::size_t length = big_endian(file, at, 2);
    if (length < 2 || at + length > file.size()) break;
    if (is_start_of_frame(marker)) {
      header.info.bits_per_channel = static_cast<int>(byte_at(file, at + 2));
      header.info.size = {static_cast<int>(big_endian(file, at + 3, 2)),
                          static_cast<int>(big_endian(file, at + 5, 2))};
    }
    if (marker == 0xe1 && has_at(file, at + 2, kExifSignature)) {
      header.info.exif_orientation = exif_orientation_of(file.substr(at + 8, length - 8));
    }
    at = after_next_marker(file, at + length);
  }
  return header;
}

void read_webp_chunk(std::string_view type, std::string_view data, ImageHeader& header) {
  ImageInfo& info = header.info;
  if (type == "VP8X"sv) {
    info.has_alpha = (byte_at(data, 0) & 0x10U) != 0;
    header.is_animated = (byte_at(data, 0) & 0x02U) != 0;
    info.size = {static_cast<int>(little_endian(data, 7, 3) + 1),
                 static_cast<int>(little_endian(data, 4, 3) + 1)};
  } else if (type == "VP8 "sv) {
    info.size = {static_cast<int>(little_endian(data, 8, 2) & 0x3fffU),
                 static_cast<int>(little_endian(data, 6, 2) & 0x3fffU)};
  } else if (type == "VP8L"sv) {
    const std::uint32_t bits = little_endian(data, 1, 4);
    info.size = {static_cast<int>((bits >> 14 & 0x3fffU) + 1), static_cast<int>((bits & 0x3fffU) + 1)};
    info.has_alpha = (bits >> 28 & 1U) != 0;
  } else if (type == "EXIF"sv) {
    info.exif_orientation = exif_orientation_of(without_exif_signature(data));
  }
}

ImageHeader webp_header(std::string_view file) {
  ImageHeader header;
  header.info.codec = "webp";
  const std::size_t end = std::size_t{8} + little_endian(file, 4, 4);
  header.is_complete = end <= file.size();
  for (std::size_t at = 12; at + 8 <= file.size();) {
    const std::size_t length = little_endian(file, at + 4, 4);
    read_webp_chunk(file.substr(at, 4), file.substr(at + 8, length), header);
    at += 8 + length + length % 2;  // chunks begin at even offsets
  }
  return header;
}

}  // namespace

int exif_orientation_of(std::string_view tiff) {
  constexpr std::uint32_t kOrientationTag = 0x0112;
  const bool is_little = has_at(tiff, 0, "II"sv);
  const auto number = [&](std::size_t at, int size) {
    return is_little ? little_endian(tiff, at, size) : big_endian(tiff, at, size);
  };
  if ((!is_little && !has_at(tiff, 0, "MM"sv)) || number(2, 2) != 42) return 1;
  const std::size_t directory = number(4, 4);
  const std::size_t entries = number(directory, 2);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (number(entry, 2) != kOrientationTag) continue;
    const auto orientation = static_cast<int>(number(entry + 8, 2));
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
  return 1;
}

std::optional<ImageHeader> parse_image_header(std::string_view file) {
  ImageHeader header;
  if (has_at(file, 0, kPngSignature)) {
    header = png_header(file);
  } else if (has_at(file, 0, "\xff\xd8\xff"sv)) {
    header = jpeg_header(file);
  } else if (has_at(file, 0, "RIFF"sv) && has_at(file, 8, "WEBP"sv)) {
    header = webp_header(file);
  } else {
    return std::nullopt;
  }
  return header;
}

}  // namespace longtake
