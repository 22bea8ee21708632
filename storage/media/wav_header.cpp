#include "storage/media/wav_header.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "storage/media/open_file.h"

namespace longtake {
namespace {

constexpr std::int64_t kPlaceholderBytes = 0x7fff0000;

std::int64_t little_endian_32(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

}  // namespace

double declared_wav_seconds(const std::filesystem::path& path) {
  const OpenFile file(path);
  std::array<char, 20> head = {};
  file.read_at(0, head.data(), 12);
  if (std::string_view(head.data(), 4) != "RIFF" || std::string_view(head.data() + 8, 4) != "WAVE") return -1;
  std::int64_t bytes_per_second = 0;
  for (std::int64_t at = 12; file.read_at(at, head.data(), head.size()) >= 8;) {
    const std::string_view type(head.data(), 4);
    const std::int64_t bytes = little_endian_32(head.data() + 4);
    if (type == "fmt ") bytes_per_second = little_endian_32(head.data() + 16);
    if (type == "data") {
      const bool is_known = bytes_per_second > 0 && bytes < kPlaceholderBytes;
      return is_known ? static_cast<double>(bytes) / static_cast<double>(bytes_per_second) : -1;
    }
    at += 8 + bytes + bytes % 2;  // chunks begin at even offsets
  }
  return -1;
}

}  // namespace longtake
