#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace longtake {

/// What a person typed. Each command uses its part.
struct CliOptions {
  std::vector<std::filesystem::path> jobs;
  std::filesystem::path work_dir;  ///< empty: longtake-work/ beside the first job file, or here
  std::string profile;             ///< empty: chosen by what is there
  std::optional<int> ranks;
  std::string engine;
  std::string model;
  bool json = false;
  bool watch = false;
  std::string job;    ///< explain, redo
  std::string clips;  ///< redo: "A:B"
};

/// The work directory of a command that names jobs, and of one that does not.
std::filesystem::path work_dir_of(const CliOptions& options);

}  // namespace longtake
