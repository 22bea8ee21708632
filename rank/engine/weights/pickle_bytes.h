#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace longtake {

/// The bytes of a pickle from front to back. Throws Error{InvalidInput} beginning with `file` when they
/// end too early. `bytes` must outlive it.
class PickleBytes {
 public:
  PickleBytes(std::string_view bytes, std::string file) : bytes_(bytes), file_(std::move(file)) {}

  unsigned char byte() { return static_cast<unsigned char>(take(1)[0]); }
  /// Little-endian, of `width` bytes (1, 2 or 4), not negative.
  std::int64_t unsigned_number(std::size_t width);
  /// Little-endian two's complement, of `width` bytes (0 to 8).
  std::int64_t signed_number(std::size_t width);
  std::string text(std::int64_t length) { return std::string(take(static_cast<std::size_t>(length))); }
  /// Up to the next line feed, which is dropped.
  std::string line();
  void skip(std::size_t length) { take(length); }

  [[noreturn]] void refuse(const std::string& why) const;

 private:
  std::uint64_t bits(std::size_t width);
  std::string_view take(std::size_t length);

  std::string_view bytes_;
  std::string file_;
};

}  // namespace longtake
