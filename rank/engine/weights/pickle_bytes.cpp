#include "rank/engine/weights/pickle_bytes.h"

#include "jobs/error.h"

namespace longtake {

std::uint64_t PickleBytes::bits(std::size_t width) {
  if (width > 8) refuse("it holds a number of " + std::to_string(width) + " bytes");
  std::uint64_t value = 0;
  const std::string_view bytes = take(width);
  for (std::size_t i = width; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::int64_t PickleBytes::unsigned_number(std::size_t width) {
  return static_cast<std::int64_t>(bits(width));
}

std::int64_t PickleBytes::signed_number(std::size_t width) {
  std::uint64_t value = bits(width);
  const bool is_negative = width > 0 && (value >> (8 * width - 1)) != 0;
  if (is_negative && width < 8) value |= ~std::uint64_t{0} << (8 * width);
  return static_cast<std::int64_t>(value);
}

std::string PickleBytes::line() {
  const std::size_t end = bytes_.find('\n');
  if (end == std::string_view::npos) refuse("its pickle is cut short");
  std::string content = text(static_cast<std::int64_t>(end));
  skip(1);
  return content;
}

void PickleBytes::refuse(const std::string& why) const {
  throw Error(ErrorKind::InvalidInput, file_ + " is not a torch.save of named tensors: " + why);
}

std::string_view PickleBytes::take(std::size_t length) {
  if (length > bytes_.size()) refuse("its pickle is cut short");
  const std::string_view taken = bytes_.substr(0, length);
  bytes_.remove_prefix(length);
  return taken;
}

}  // namespace longtake
