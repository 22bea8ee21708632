#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "jobs/job_settings.h"
#include "jobs/problem.h"

namespace longtake {

struct Preset {
  JobSettings settings;        ///< the defaults with the preset's keys set
  std::set<std::string> keys;  ///< what the preset sets
};

/// By name: the file's stem.
using PresetLibrary = std::map<std::string, Preset>;

/// Every *.yaml of `folder`. What is wrong with them, and a folder that is not there, is added to `problems`.
PresetLibrary load_presets(const std::filesystem::path& folder, std::vector<Problem>& problems);

}  // namespace longtake
