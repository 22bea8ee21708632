#include "scheduler/doctor/system_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace longtake {
namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string line_of(const fs::path& path) {
  const std::string content = content_of(path);
  return content.substr(0, content.find('\n'));
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace longtake
