#include "scheduler/doctor/words.h"

#include <cstdio>
#include <sstream>

namespace longtake {

std::string bytes_text(std::int64_t bytes) {
  constexpr double kMebi = 1024.0 * 1024.0;
  const double mebibytes = static_cast<double>(bytes) / kMebi;
  char text[64];
  if (mebibytes < 1024) {
    std::snprintf(text, sizeof text, "%.0f MiB", mebibytes);
  } else {
    std::snprintf(text, sizeof text, "%.2f GiB", mebibytes / 1024);
  }
  return text;
}

std::string count_text(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string first_line(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin != std::string::npos) return line.substr(begin);
  }
  return "no word";
}

}  // namespace longtake
