#include "rank/engine/audio/wav2vec2_config.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>

#include "jobs/error.h"

namespace longtake {
namespace {

using nlohmann::json;

/// The keys of one file, with errors that name it.
class Reader {
 public:
  Reader(const std::filesystem::path& file, const json& keys) : file_(file), keys_(keys) {}

  template <typename T>
  T get(const char* key) const {
    try {
      return keys_.at(key).get<T>();
    } catch (const json::exception&) {
      const std::string name = std::string("'") + key + "' ";
      refuse(name + (keys_.contains(key) ? "is of the wrong type: " + keys_.at(key).dump() : "is missing"));
    }
  }

  template <typename T>
  void expect(const char* key, const T& wanted) const {
    if (get<T>(key) == wanted) return;
    refuse(std::string("'") + key + "' must be " + json(wanted).dump() + ", got " + keys_.at(key).dump());
  }

  /// The number before the first dot of a text like "4.7.0.dev0".
  int major_version(const char* key, int if_missing) const {
    return keys_.contains(key) ? std::atoi(get<std::string>(key).c_str()) : if_missing;
  }

  std::int64_t size(const char* key) const {
    const auto value = get<std::int64_t>(key);
    if (value < 1) refuse(std::string("'") + key + "' must be at least 1, got " + std::to_string(value));
    return value;
  }

  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::InvalidInput, file_.string() + ": " + why);
  }

 private:
  const std::filesystem::path& file_;
  const json& keys_;
};

void check(const Wav2Vec2Config& config, const Reader& reader) {
  const std::size_t convolutions = config.conv_channels.size();
  if (convolutions == 0 || config.conv_strides.size() != convolutions ||
      config.conv_kernels.size() != convolutions) {
    reader.refuse("'conv_dim', 'conv_stride' and 'conv_kernel' must have the same length, at least 1");
  }
  for (std::size_t i = 0; i < convolutions; ++i) {
    if (config.conv_channels[i] < 1 || config.conv_strides[i] < 1 ||
        config.conv_kernels[i] < config.conv_strides[i]) {
      reader.refuse("every 'conv_stride' must be at least 1 and at most its 'conv_kernel'");
    }
  }
  const auto require_parts = [&](const char* key, std::int64_t parts) {
    if (config.width % parts == 0) return;
    reader.refuse("'hidden_size' (" + std::to_string(config.width) + ") must be a multiple of '" + key +
                  "', got " + std::to_string(parts));
  };
  require_parts("num_attention_heads", config.heads);
  require_parts("num_conv_pos_embedding_groups", config.position_groups);
  if (!(config.norm_epsilon > 0)) reader.refuse("'layer_norm_eps' must be above 0");
}

}  // namespace

std::int64_t Wav2Vec2Config::hop_samples() const {
  return std::accumulate(conv_strides.begin(), conv_strides.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t Wav2Vec2Config::field_samples() const {
  std::int64_t field = 1;
  for (std::size_t i = conv_kernels.size(); i-- > 0;) field = (field - 1) * conv_strides[i] + conv_kernels[i];
  return field;
}

std::int64_t Wav2Vec2Config::frames_of(std::int64_t samples) const {
  return samples < field_samples() ? 0 : (samples - field_samples()) / hop_samples() + 1;
}

Wav2Vec2Config read_wav2vec2_config(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) throw_errno("cannot open " + file.string());
  const json keys = json::parse(stream, nullptr, /*allow_exceptions=*/false);
  const Reader reader(file, keys);
  if (!keys.is_object()) reader.refuse("it is not a JSON object");
  reader.expect<std::string>("feat_extract_norm", "layer");
  reader.expect<std::string>("feat_extract_activation", "gelu");
  reader.expect<std::string>("hidden_act", "gelu");
  reader.expect("do_stable_layer_norm", true);
  Wav2Vec2Config config;
  config.conv_channels = reader.get<std::vector<std::int64_t>>("conv_dim");
  config.conv_strides = reader.get<std::vector<std::int64_t>>("conv_stride");
  config.conv_kernels = reader.get<std::vector<std::int64_t>>("conv_kernel");
  config.conv_bias = reader.get<bool>("conv_bias");
  config.width = reader.size("hidden_size");
  config.layers = reader.size("num_hidden_layers");
  config.heads = reader.size("num_attention_heads");
  config.ffn_width = reader.size("intermediate_size");
  config.position_kernel = reader.size("num_conv_pos_embeddings");
  config.position_groups = reader.size("num_conv_pos_embedding_groups");
  config.norm_epsilon = reader.get<double>("layer_norm_eps");
  config.last_state_normed = reader.major_version("transformers_version", 4) < 5;
  check(config, reader);
  return config;
}

}  // namespace longtake
