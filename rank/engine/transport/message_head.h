#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace longtake {

/// What a message between engines says of itself; the numbers of its tensor follow.
struct MessageHead {
  int from = 0;             ///< stage
  std::string lane;         ///< messages of a lane keep their order
  std::string tag;          ///< what it is
  bool has_numbers = true;  ///< false for a notice: only the head travels
  std::vector<std::int64_t> shape;

  friend bool operator==(const MessageHead& a, const MessageHead& b) {
    return a.from == b.from && a.lane == b.lane && a.tag == b.tag && a.has_numbers == b.has_numbers &&
           a.shape == b.shape;
  }
};

/// JSON that begins with the version.
std::string encode(const MessageHead& head);

/// Throws Error{Bug} for anything else than a head of our version.
MessageHead decode_head(const std::string& text);

}  // namespace longtake
