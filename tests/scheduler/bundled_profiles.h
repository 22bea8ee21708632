#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "scheduler/planner/profile.h"

namespace longtake {

/// configs/profiles/`name`.yaml.
inline Profile bundled_profile(const std::string& name) {
  std::vector<Problem> problems;
  auto profile = find_profile(name, std::string(LONGTAKE_CONFIGS_DIR) + "/profiles", problems);
  if (!profile) throw std::runtime_error("there is no profile " + name);
  return *profile;
}

}  // namespace longtake
