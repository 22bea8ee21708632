#include "jobs/presets.h"

#include "jobs/yaml_document.h"

namespace longtake {

PresetLibrary load_presets(const std::filesystem::path& folder, std::vector<Problem>& problems) {
  PresetLibrary library;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".yaml") continue;
    std::optional<YamlDocument> yaml = YamlDocument::read_file(entry.path(), problems);
    if (!yaml) continue;
    Preset preset;
    read_settings(*yaml, preset.settings);
    yaml->report_unknown_keys();
    for (const auto& [key, line] : yaml->lines()) preset.keys.insert(key);
    library[entry.path().stem().string()] = std::move(preset);
  }
  if (error) {
    problems.push_back({folder.string(), 0, "", "cannot read the presets: " + error.message(),
                        "install Longtake again, with its configs folder"});
  }
  return library;
}

}  // namespace longtake
