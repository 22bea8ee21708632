#include "rank/engine/text/html_entities.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "rank/engine/text/utf8.h"

namespace longtake {
namespace {

constexpr std::size_t kLongestName = 8;

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 34> kNames = {{
    {"amp", '&'},      {"AMP", '&'},       {"lt", '<'},       {"LT", '<'},       {"gt", '>'},
    {"GT", '>'},       {"quot", '"'},      {"QUOT", '"'},     {"apos", '\''},    {"nbsp", 0xA0},
    {"iexcl", 0xA1},   {"pound", 0xA3},    {"copy", 0xA9},    {"laquo", 0xAB},   {"reg", 0xAE},
    {"deg", 0xB0},     {"plusmn", 0xB1},   {"middot", 0xB7},  {"raquo", 0xBB},   {"frac12", 0xBD},
    {"iquest", 0xBF},  {"times", 0xD7},    {"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018},
    {"rsquo", 0x2019}, {"sbquo", 0x201A},  {"ldquo", 0x201C}, {"rdquo", 0x201D}, {"bdquo", 0x201E},
    {"bull", 0x2022},  {"hellip", 0x2026}, {"euro", 0x20AC},  {"trade", 0x2122},
}};

bool is_character(std::uint32_t value) {
  return value > 0 && value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

/// "#8212" or "#x2014".
std::optional<std::uint32_t> character_numbered(std::string_view body) {
  const bool is_hexadecimal = body.size() > 1 && (body[1] == 'x' || body[1] == 'X');
  const char* begin = body.data() + (is_hexadecimal ? 2 : 1);
  const char* end = body.data() + body.size();
  std::uint32_t value = 0;
  const auto [stop, error] = std::from_chars(begin, end, value, is_hexadecimal ? 16 : 10);
  if (error != std::errc() || stop != end || !is_character(value)) return std::nullopt;
  return value;
}

/// What stands between "&" and ";".
std::optional<std::uint32_t> character_of(std::string_view body) {
  if (!body.empty() && body[0] == '#') return character_numbered(body);
  for (const auto& [name, value] : kNames) {
    if (name == body) return value;
  }
  return std::nullopt;
}

}  // namespace

std::string unescape_html(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = text[i] == '&' ? text.find(';', i) : std::string::npos;
    std::optional<std::uint32_t> character;
    if (end != std::string::npos && end - i - 1 <= kLongestName) {
      character = character_of(std::string_view(text).substr(i + 1, end - i - 1));
    }
    result += character ? utf8_of(*character) : std::string(1, text[i]);
    i = character ? end + 1 : i + 1;
  }
  return result;
}

}  // namespace longtake
