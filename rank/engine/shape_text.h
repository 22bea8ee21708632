#pragma once

#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <string>

namespace longtake {

/// As messages say a shape: "[2, 3]".
inline std::string shape_text(c10::IntArrayRef shape) {
  std::string text = "[";
  for (const std::int64_t length : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(length);
  return text + "]";
}

}  // namespace longtake
