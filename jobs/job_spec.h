#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/job_settings.h"
#include "jobs/presets.h"
#include "jobs/problem.h"

namespace longtake {

enum class EngineKind { LiveAvatar, Slate };

/// "liveavatar", "slate".
std::string_view name_of(EngineKind engine);

/// Inverse of name_of; nullopt for an unknown name.
std::optional<EngineKind> engine_kind_from(std::string_view name);

/// One film to produce: everything a job file says, checked. Paths are absolute; empty means "not given".
struct JobSpec {
  std::filesystem::path file;  ///< the job file itself
  std::string name;
  std::string prompt;
  std::filesystem::path image;
  std::filesystem::path audio;
  std::string preset;  ///< empty: none
  JobSettings settings;
  int priority = 0;
  EngineKind engine = EngineKind::LiveAvatar;
  std::filesystem::path model;   ///< a folder; empty: the bundled tiny model
  std::filesystem::path lora;    ///< empty: none
  std::filesystem::path output;  ///< empty: <work-dir>/jobs/<name>/output.mp4

  std::map<std::string, int> lines;     ///< the keys written in the job file, with their lines
  std::set<std::string> set_by_preset;  ///< the keys that the preset set and the job file does not
};

/// Command-line options that outrank the job file.
struct JobOverrides {
  std::optional<EngineKind> engine;
  std::optional<std::filesystem::path> model;  ///< relative to the current folder
};

/// Reads one job file. Wrong values are added to `problems` and keep their defaults in the result, so
/// a job is fit for use only when no problem was added. nullopt when the file is no mapping at all.
/// Reads only the file's own folder and what it names; opens neither image nor audio.
std::optional<JobSpec> parse_job(const std::filesystem::path& file, const PresetLibrary& presets,
                                 const JobOverrides& overrides, std::vector<Problem>& problems);

/// A finding about a key of a job that is already read, with the line where the key was written.
Problem problem_of(const JobSpec& job, const std::string& key, std::string message, std::string remedy);

}  // namespace longtake
