#include "tests/system/support/files.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace longtake {

namespace fs = std::filesystem;

fs::path make_temporary_folder() {
  std::string pattern = (fs::temp_directory_path() / "longtake-system-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a folder like " + pattern);
  return fs::canonical(pattern);
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) throw std::runtime_error("cannot write " + path.string());
}

void truncate_file(const fs::path& path, std::uintmax_t bytes) { fs::resize_file(path, bytes); }

void flip_middle(const fs::path& path, std::size_t count) {
  std::string bytes = read_file(path);
  const std::size_t begin = bytes.size() / 2;
  for (std::size_t i = begin; i < std::min(begin + count, bytes.size()); ++i) {
    bytes[i] = static_cast<char>(~bytes[i]);
  }
  write_file(path, bytes);
}

std::vector<std::string> names_in(const fs::path& folder, const std::string& ending) {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::string name = entry.path().filename();
    const bool ends_so =
        name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
    if (ends_so) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> tree_of(const fs::path& folder) {
  std::vector<std::string> paths;
  std::error_code none;
  for (const auto& entry : fs::recursive_directory_iterator(folder, none)) {
    paths.push_back(fs::relative(entry.path(), folder).string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace longtake
