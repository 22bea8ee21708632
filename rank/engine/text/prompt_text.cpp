#include "rank/engine/text/prompt_text.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "rank/engine/text/html_entities.h"
#include "rank/engine/text/utf8.h"

namespace longtake {
namespace {

/// White_Space of the Unicode database, and the four separators of ASCII that Python counts too.
bool is_space(std::uint32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

/// Characters without a meaning in running text; white space is none of them.
bool is_control(std::uint32_t c) {
  return c < 0x09 || c == 0x0B || (c >= 0x0E && c < 0x20) || c == 0x7F || (c >= 0x206A && c <= 0x206F) ||
         c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
}

bool is_single_quote(std::uint32_t c) { return c == 0x02BC || (c >= 0x2018 && c <= 0x201B); }
bool is_double_quote(std::uint32_t c) { return c >= 0x201C && c <= 0x201F; }

/// What `change` makes of each character, given its bytes; bytes that are not UTF-8 stay.
std::string each_character(const std::string& text,
                           const std::function<std::string(std::uint32_t, const std::string&)>& change) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::optional<CodePoint> character = code_point_at(text, i);
    const std::size_t length = character ? character->length_bytes : 1;
    const std::string bytes = text.substr(i, length);
    result += character ? change(character->value, bytes) : bytes;
    i += length;
  }
  return result;
}

/// The length of "ESC [ 1;31 m" at `position`; 0 when there is none.
std::size_t terminal_escape_at(const std::string& text, std::size_t position) {
  if (text.compare(position, 2, "\x1b[") != 0) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", position + 2);
  if (end == std::string::npos || (text[end] != 'm' && text[end] != 'K')) return 0;
  return end + 1 - position;
}

std::string without_terminal_escapes(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t escape = terminal_escape_at(text, i);
    if (escape == 0) result.push_back(text[i]);
    i += escape == 0 ? 1 : escape;
  }
  return result;
}

}  // namespace

std::string collapse_whitespace(const std::string& text) {
  bool after_space = true;  // none at the beginning
  std::string result = each_character(text, [&](std::uint32_t character, const std::string& bytes) {
    const bool was_space = std::exchange(after_space, is_space(character));
    if (!after_space) return bytes;
    return std::string(was_space ? "" : " ");
  });
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::string clean_prompt(const std::string& text) {
  constexpr int kUnescapes = 3;
  std::string resolved = text;
  for (int i = 0; i < kUnescapes; ++i) resolved = unescape_html(resolved);
  return collapse_whitespace(each_character(without_terminal_escapes(resolved),
                                            [](std::uint32_t character, const std::string& bytes) {
                                              if (is_control(character)) return std::string();
                                              if (is_single_quote(character)) return std::string("'");
                                              if (is_double_quote(character)) return std::string("\"");
                                              return bytes;
                                            }));
}

}  // namespace longtake
