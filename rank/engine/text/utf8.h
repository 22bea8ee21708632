#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace longtake {

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t length_bytes = 0;
};

/// The character that begins at `position`; nullopt where the bytes are not UTF-8.
std::optional<CodePoint> code_point_at(const std::string& text, std::size_t position);

/// `value` must be a Unicode scalar value.
std::string utf8_of(std::uint32_t value);

}  // namespace longtake
