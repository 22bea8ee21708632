#include "scheduler/slurm/memory_request.h"

#include <regex>

namespace longtake {

bool is_memory_request(const std::string& text) {
  static const std::regex form("[0-9]{1,15}(?:[KMGT]B?)?", std::regex::icase);
  return std::regex_match(text, form);
}

}  // namespace longtake
