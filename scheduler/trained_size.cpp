#include "scheduler/trained_size.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "jobs/error.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKey = "trained_size";

/// Where the engine's own search finds it too, but of a checkpoint that need not be complete.
fs::path config_of(const fs::path& model) {
  const fs::path here = model / "config.json";
  return fs::exists(here) ? here : model / "Wan2.2-S2V-14B" / "config.json";
}

}  // namespace

std::optional<SizeLimit> trained_size_of(const fs::path& model) {
  const fs::path path = config_of(model);
  std::ifstream file(path);
  const auto config = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object() || !config.contains(kKey)) return std::nullopt;
  const nlohmann::json& value = config.at(kKey);
  const auto size = value.is_string() ? size_limit_from(value.get<std::string>()) : std::nullopt;
  if (!size) {
    throw Error(ErrorKind::InvalidInput, path.string() + ": " + kKey +
                                             " must be \"WIDTH*HEIGHT\" with sides from 64 to 8192, got " +
                                             value.dump());
  }
  return size;
}

void take_trained_size(JobSpec& job) {
  if (job.engine != EngineKind::LiveAvatar) return;
  if (job.lines.count("size") > 0 || job.set_by_preset.count("size") > 0) return;
  if (const auto trained = trained_size_of(job.model)) job.settings.size = *trained;
}

std::optional<std::string> advice_on_size(const JobSpec& job) {
  if (job.engine != EngineKind::LiveAvatar) return std::nullopt;
  const auto trained = trained_size_of(job.model);
  if (!trained || trained->area == job.settings.size.area) return std::nullopt;
  return "size " + job.settings.size.text +
         " is not what the model was trained at: expect a poor picture, or write size: " + trained->text;
}

}  // namespace longtake
