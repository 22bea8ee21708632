#pragma once

#include <string>

namespace longtake {

/// "a &lt; b &#8212; c" -> "a < b — c": numbers, and the names that editors write. Anything else stays.
std::string unescape_html(const std::string& text);

}  // namespace longtake
