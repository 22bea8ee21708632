#include "rank/engine/text/utf8.h"

namespace longtake {
namespace {

/// 0 for a byte that begins no character.
std::size_t length_from_first(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

}  // namespace

std::optional<CodePoint> code_point_at(const std::string& text, std::size_t position) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[position + i]); };
  const std::size_t length = length_from_first(byte(0));
  if (length == 0 || position + length > text.size()) return std::nullopt;
  if (length == 1) return CodePoint{byte(0), 1};
  std::uint32_t value = byte(0) & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return std::nullopt;
    value = (value << 6) | (byte(i) & 0x3FU);
  }
  return CodePoint{value, length};
}

std::string utf8_of(std::uint32_t value) {
  std::string text;
  const auto add = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (value < 0x80) {
    add(value);
  } else if (value < 0x800) {
    add(0xC0 | (value >> 6));
  } else if (value < 0x10000) {
    add(0xE0 | (value >> 12));
    add(0x80 | ((value >> 6) & 0x3F));
  } else {
    add(0xF0 | (value >> 18));
    add(0x80 | ((value >> 12) & 0x3F));
    add(0x80 | ((value >> 6) & 0x3F));
  }
  if (value >= 0x80) add(0x80 | (value & 0x3F));
  return text;
}

}  // namespace longtake
