#include "rank/engine/weights/lora_alpha.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "jobs/error.h"
#include "storage/checkpoint_layout.h"
#include "storage/safetensors.h"

namespace longtake {
namespace {

using nlohmann::json;

constexpr const char* kAlpha = "lora_alpha";

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw Error(ErrorKind::InvalidInput, file.string() + ": " + why);
}

/// The metadata of safetensors are texts.
std::optional<double> alpha_in_metadata(const std::filesystem::path& lora) {
  if (lora.extension() != ".safetensors") return std::nullopt;
  const TensorMetadata metadata = SafetensorsFile(lora).metadata();
  const auto found = metadata.find(kAlpha);
  if (found == metadata.end()) return std::nullopt;
  char* end = nullptr;
  const double alpha = std::strtod(found->second.c_str(), &end);
  if (found->second.empty() || *end != '\0' || !std::isfinite(alpha)) {
    refuse(lora,
           std::string("its metadata's '") + kAlpha + "' must be a number, got '" + found->second + "'");
  }
  return alpha;
}

std::optional<double> alpha_in_config(const std::filesystem::path& config) {
  if (!std::filesystem::exists(config)) return std::nullopt;
  std::ifstream stream(config);
  const json keys = json::parse(stream, nullptr, /*allow_exceptions=*/false);
  if (!keys.is_object()) refuse(config, "it is not a JSON object");
  if (keys.value("use_rslora", json(false)) == true) {
    refuse(config, "'use_rslora' is true; only adaptations scaled by alpha/rank can be merged");
  }
  if (!keys.value("alpha_pattern", json::object()).empty()) {
    refuse(config, "'alpha_pattern' is not empty; only one alpha for all pairs can be merged");
  }
  if (!keys.contains(kAlpha)) return std::nullopt;
  if (!keys.at(kAlpha).is_number()) {
    refuse(config, std::string("'") + kAlpha + "' must be a number, got " + keys.at(kAlpha).dump());
  }
  return keys.at(kAlpha).get<double>();
}

}  // namespace

std::optional<double> stated_alpha(const std::filesystem::path& lora) {
  if (const auto alpha = alpha_in_metadata(lora)) return alpha;
  return alpha_in_config(adapter_config_of(lora));
}

}  // namespace longtake
