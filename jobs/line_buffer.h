#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/error.h"

namespace longtake {

/// Longest line of the engine protocol; whoever sends more does not speak it.
inline constexpr std::size_t kLongestLine_bytes = std::size_t{1} << 20;

/// Cuts a stream of bytes into lines, however the bytes were split on the way.
class LineBuffer {
 public:
  void add(std::string_view bytes) { bytes_.append(bytes); }

  /// The next complete line without its newline; nullopt until there is one.
  /// Throws Error{InvalidInput} when it is longer than kLongestLine_bytes.
  std::optional<std::string> next() {
    const std::size_t newline = bytes_.find('\n', searched_);
    searched_ = newline == std::string::npos ? bytes_.size() : newline;
    if (searched_ > kLongestLine_bytes) {
      throw Error(ErrorKind::InvalidInput,
                  "a line of more than " + std::to_string(kLongestLine_bytes) + " bytes");
    }
    if (newline == std::string::npos) return std::nullopt;
    std::string line = bytes_.substr(0, newline);
    bytes_.erase(0, newline + 1);
    searched_ = 0;
    return line;
  }

 private:
  std::string bytes_;
  std::size_t searched_ = 0;  // no newline before this place
};

}  // namespace longtake
