#include "jobs/model/model_shape.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "jobs/error.h"

namespace longtake {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& file, const std::string& what) {
  throw Error(ErrorKind::InvalidInput, file + ": " + what);
}

/// `number` keeps its value when the key is missing and it has one.
void read_size(const json& document, const char* key, const std::string& file, std::int64_t& number) {
  if (!document.contains(key)) {
    if (number == 0) refuse(file, std::string(key) + " is missing; it must be a positive number");
    return;
  }
  const json& value = document.at(key);
  if (!value.is_number_integer() || value.get<std::int64_t>() < 1) {
    refuse(file, std::string(key) + " must be a positive number, got " + value.dump());
  }
  number = value.get<std::int64_t>();
}

std::vector<std::int64_t> inject_layers(const json& document, const std::string& file, std::int64_t layers) {
  const std::string key = "audio_inject_layers";
  if (!document.contains(key) || !document.at(key).is_array())
    refuse(file, key + " must be a list of layers");
  std::vector<std::int64_t> inject;
  for (const json& value : document.at(key)) {
    const bool is_layer = value.is_number_integer() && value >= 0 && value < layers;
    if (!is_layer) {
      refuse(file,
             key + " must hold layers from 0 to " + std::to_string(layers - 1) + ", got " + value.dump());
    }
    inject.push_back(value.get<std::int64_t>());
  }
  std::sort(inject.begin(), inject.end());
  inject.erase(std::unique(inject.begin(), inject.end()), inject.end());
  return inject;
}

VaeShape parse_vae(const json& document, const std::string& file) {
  VaeShape vae;
  read_size(document, "dim", file, vae.dim);
  read_size(document, "z_dim", file, vae.z_dim);
  read_size(document, "num_res_blocks", file, vae.num_res_blocks);
  try {
    vae.dim_mult = document.value("dim_mult", vae.dim_mult);
    vae.temporal_downsample = document.value("temporal_downsample", vae.temporal_downsample);
  } catch (const json::exception& error) {
    refuse(file, std::string("vae has a list of the wrong form (") + error.what() + ")");
  }
  if (vae.dim_mult.empty() || vae.temporal_downsample.size() + 1 != vae.dim_mult.size()) {
    refuse(file, "vae.temporal_downsample must have one entry less than vae.dim_mult");
  }
  return vae;
}

}  // namespace

bool ModelShape::hears_audio(std::int64_t layer) const {
  return std::binary_search(audio_inject_layers.begin(), audio_inject_layers.end(), layer);
}

ModelShape published_model() {
  ModelShape shape;
  shape.dim = 5120;
  shape.ffn_dim = 13824;
  shape.heads = 40;
  shape.layers = 40;
  shape.audio_inject_layers = {0, 4, 8, 12, 16, 20, 24, 27, 30, 33, 36, 39};
  return shape;
}

ModelShape parse_model_shape(const std::string& text, const std::string& file) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) refuse(file, "it is no JSON object");
  ModelShape shape;
  read_size(document, "dim", file, shape.dim);
  read_size(document, "ffn_dim", file, shape.ffn_dim);
  read_size(document, "num_heads", file, shape.heads);
  read_size(document, "num_layers", file, shape.layers);
  read_size(document, "freq_dim", file, shape.freq_dim);
  read_size(document, "text_len", file, shape.text_len);
  read_size(document, "text_dim", file, shape.text_dim);
  read_size(document, "in_dim", file, shape.latent_channels);
  read_size(document, "cond_dim", file, shape.pose_channels);
  read_size(document, "audio_dim", file, shape.audio_dim);
  read_size(document, "num_audio_layers", file, shape.audio_layers);
  read_size(document, "num_audio_token", file, shape.audio_tokens);
  shape.audio_inject_layers = inject_layers(document, file, shape.layers);
  if (document.contains("vae")) shape.vae = parse_vae(document.at("vae"), file);
  return shape;
}

ModelShape read_model_shape(const fs::path& model) {
  for (const fs::path& path : {model / "config.json", model / "Wan2.2-S2V-14B" / "config.json"}) {
    if (!fs::exists(path)) continue;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw_errno("open the model's config " + path.string());
    std::ostringstream text;
    text << file.rdbuf();
    return parse_model_shape(text.str(), path.string());
  }
  refuse(model.string(), "there is no config.json of a model, neither here nor in Wan2.2-S2V-14B/");
}

}  // namespace longtake
