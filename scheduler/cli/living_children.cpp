#include "scheduler/cli/living_children.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace longtake {
namespace {

/// Of the fields behind the name, which may itself hold blanks and brackets: proc(5), stat.
bool is_living_child(const std::filesystem::path& stat, pid_t parent) {
  std::ifstream stream(stat);
  std::string line;
  if (!std::getline(stream, line)) return false;
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream rest(line.substr(name_end + 1));
  char state = 0;
  pid_t parent_of_it = 0;
  rest >> state >> parent_of_it;
  return parent_of_it == parent && state != 'Z' && state != 'X';
}

}  // namespace

bool has_living_children(pid_t pid) {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename();
    const bool is_process = name.find_first_not_of("0123456789") == std::string::npos;
    if (is_process && is_living_child(entry->path() / "stat", pid)) return true;
  }
  return static_cast<bool>(error);
}

}  // namespace longtake
