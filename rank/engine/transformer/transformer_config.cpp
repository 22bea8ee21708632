#include "rank/engine/transformer/transformer_config.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "jobs/error.h"

namespace longtake {
namespace {

using nlohmann::json;

/// Reads keys of one config file; every complaint names file and key.
class ConfigReader {
 public:
  ConfigReader(const json& document, const std::string& file) : document_(document), file_(file) {}

  [[noreturn]] void refuse(const std::string& key, const std::string& problem) const {
    throw Error(ErrorKind::InvalidInput, file_ + ": " + key + " " + problem);
  }

  /// A missing key keeps the published class's default; without one it is an error.
  std::int64_t size(const std::string& key, std::optional<std::int64_t> otherwise = std::nullopt) const {
    if (!document_.contains(key)) {
      if (!otherwise) refuse(key, "is missing; it must be a positive number");
      return *otherwise;
    }
    const json& value = document_.at(key);
    if (!value.is_number_integer() || value.get<std::int64_t>() < 1) {
      refuse(key, "must be a positive number, got " + value.dump());
    }
    return value.get<std::int64_t>();
  }

  /// This model is only the variant where `key`, if it is there, is `expected`.
  void require(const std::string& key, const json& expected) const {
    if (!document_.contains(key) || document_.at(key) == expected) return;
    refuse(key, "is " + document_.at(key).dump() + "; this model needs " + expected.dump());
  }

  const json& document() const { return document_; }

 private:
  const json& document_;
  const std::string& file_;
};

void require_known_variant(const ConfigReader& config) {
  config.require("model_type", "s2v");
  config.require("patch_size", {1, kPatch, kPatch});
  config.require("enable_adain", true);
  config.require("adain_mode", "attn_norm");
  config.require("zero_timestep", true);
  config.require("enable_framepack", true);
  config.require("enable_motioner", false);
  config.require("add_last_motion", true);
  config.require("enable_tsm", false);
  config.require("qk_norm", true);
  config.require("cross_attn_norm", true);
  config.require("window_size", {-1, -1});
  config.require("local_attn_size", -1);
  config.require("slide_motion_frames", false);
}

std::vector<std::int64_t> inject_layers(const ConfigReader& config, std::int64_t layers) {
  const std::string key = "audio_inject_layers";
  if (!config.document().contains(key)) config.refuse(key, "is missing; it must be a list of layers");
  std::vector<std::int64_t> inject;
  for (const json& value : config.document().at(key)) {
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() >= layers) {
      config.refuse(key,
                    "must hold layers from 0 to " + std::to_string(layers - 1) + ", got " + value.dump());
    }
    inject.push_back(value.get<std::int64_t>());
  }
  // Injectors are numbered in the order of the layers they follow, however the list is written.
  std::sort(inject.begin(), inject.end());
  inject.erase(std::unique(inject.begin(), inject.end()), inject.end());
  return inject;
}

double eps_of(const ConfigReader& config) {
  const std::string key = "eps";
  if (!config.document().contains(key)) return TransformerConfig{}.eps;
  const json& value = config.document().at(key);
  if (!value.is_number() || value.get<double>() <= 0)
    config.refuse(key, "must be positive, got " + value.dump());
  return value.get<double>();
}

void require_divisible(const ConfigReader& reader, const TransformerConfig& config) {
  // RoPE turns pairs of a head's values; the audio encoder quarters the width.
  if (config.dim % (2 * config.heads) != 0) {
    reader.refuse("dim", "must be a multiple of twice num_heads (" + std::to_string(config.heads) +
                             "), got " + std::to_string(config.dim));
  }
  if (config.dim % 4 != 0) reader.refuse("dim", "must be a multiple of 4, got " + std::to_string(config.dim));
  if (config.freq_dim % 2 != 0)
    reader.refuse("freq_dim", "must be even, got " + std::to_string(config.freq_dim));
  if (config.motion_frames % 4 != 1) {
    reader.refuse("motion_frames",
                  "must be one more than a multiple of 4, got " + std::to_string(config.motion_frames));
  }
}

json parse(const std::string& text, const std::string& file) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) throw Error(ErrorKind::InvalidInput, file + " is not a JSON object");
  return document;
}

}  // namespace

std::optional<std::int64_t> TransformerConfig::injector_of(std::int64_t layer) const {
  const auto found = std::find(audio_inject_layers.begin(), audio_inject_layers.end(), layer);
  if (found == audio_inject_layers.end()) return std::nullopt;
  return found - audio_inject_layers.begin();
}

TransformerConfig parse_transformer_config(const std::string& text, const std::string& file) {
  const json document = parse(text, file);
  const ConfigReader reader(document, file);
  require_known_variant(reader);
  TransformerConfig config;
  config.dim = reader.size("dim");
  config.ffn_dim = reader.size("ffn_dim");
  config.heads = reader.size("num_heads");
  config.layers = reader.size("num_layers");
  config.freq_dim = reader.size("freq_dim", config.freq_dim);
  config.text_len = reader.size("text_len", config.text_len);
  config.text_dim = reader.size("text_dim", config.text_dim);
  config.latent_channels = reader.size("in_dim", config.latent_channels);
  reader.require("out_dim", config.latent_channels);
  config.pose_channels = reader.size("cond_dim", config.pose_channels);
  config.audio_dim = reader.size("audio_dim", config.audio_dim);
  config.audio_layers = reader.size("num_audio_layers", config.audio_layers);
  config.audio_heads = reader.size("num_audio_token", config.audio_heads);
  config.motion_frames = reader.size("motion_frames", config.motion_frames);
  config.eps = eps_of(reader);
  config.audio_inject_layers = inject_layers(reader, config.layers);
  require_divisible(reader, config);
  return config;
}

TransformerConfig read_transformer_config(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw_errno("open the model's config " + path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return parse_transformer_config(text.str(), path.string());
}

}  // namespace longtake
