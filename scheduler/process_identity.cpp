#include "scheduler/process_identity.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace longtake {
namespace {

// proc(5), /proc/PID/stat: what follows the name, which is in parentheses and may hold anything.
constexpr std::size_t kState = 0;
constexpr std::size_t kStartTime = 19;

std::vector<std::string> words_after_name(const std::string& stat) {
  const auto end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return {};
  std::istringstream words(stat.substr(end_of_name + 1));
  return {std::istream_iterator<std::string>(words), {}};
}

}  // namespace

std::string process_identity(int pid) {
  std::string stat;
  std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
  const std::vector<std::string> words = words_after_name(stat);
  const bool is_there = words.size() > kStartTime && words[kState] != "Z" && words[kState] != "X";
  if (!is_there) return "";
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), boot);
  return boot + "/" + words[kStartTime];
}

}  // namespace longtake
