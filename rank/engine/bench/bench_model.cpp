#include "rank/engine/bench/bench_model.h"

#include <fstream>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr std::uint64_t kTransformerSeed = 420, kVaeSeed = 7, kTextSeed = 5, kSpeechSeed = 6;

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw Error(ErrorKind::InvalidInput, "cannot read " + file.string());
  return {std::istreambuf_iterator<char>(stream), {}};
}

UmT5Config umt5_xxl() {
  UmT5Config config;
  config.vocabulary = 256384;
  config.width = config.attention_width = 4096;
  config.ffn_width = 10240;
  config.heads = 64;
  config.layers = 24;
  config.buckets = 32;
  return config;
}

Wav2Vec2Config wav2vec2_large() {
  Wav2Vec2Config config;
  config.conv_channels = {512, 512, 512, 512, 512, 512, 512};
  config.conv_strides = {5, 2, 2, 2, 2, 2, 2};
  config.conv_kernels = {10, 3, 3, 3, 3, 2, 2};
  config.conv_bias = true;
  config.width = 1024;
  config.layers = 24;
  config.heads = 16;
  config.ffn_width = 4096;
  config.position_kernel = 128;
  config.position_groups = 16;
  return config;
}

}  // namespace

BenchModel::BenchModel(const BenchOptions& options) : vae_(published_vae()) {
  if (!options.model.empty()) checkpoint_ = find_checkpoint(options.model);
  read_config(checkpoint_ ? checkpoint_->transformer_config : options.config);
  if (checkpoint_ && std::filesystem::exists(checkpoint_->vae_config)) read_vae(checkpoint_->vae_config);
  if (vae_.z_dim == transformer_.latent_channels) return;
  throw Error(ErrorKind::InvalidInput, "the transformer's in_dim is " +
                                           std::to_string(transformer_.latent_channels) +
                                           ", the VAE's z_dim is " + std::to_string(vae_.z_dim));
}

void BenchModel::read_config(const std::filesystem::path& given) {
  const std::filesystem::path file = std::filesystem::is_directory(given) ? given / "config.json" : given;
  const std::string text = text_of(file);
  transformer_ = parse_transformer_config(text, file.string());
  shape_ = parse_model_shape(text, file.string());
  const nlohmann::json document = nlohmann::json::parse(text);
  if (document.contains("vae")) vae_ = vae_config_from(document.at("vae"), file.string() + ": vae");
}

void BenchModel::read_vae(const std::filesystem::path& file) {
  vae_ = vae_config_from(nlohmann::json::parse(text_of(file), nullptr, /*allow_exceptions=*/false),
                         file.string());
}

Weights BenchModel::transformer_weights(const WeightOptions& options) const {
  return checkpoint_ ? open_weights(checkpoint_->transformer, options)
                     : random_weights(kTransformerSeed, options);
}

Weights BenchModel::vae_weights(const WeightOptions& options) const {
  return checkpoint_ ? open_weights(checkpoint_->vae, options) : random_weights(kVaeSeed, options);
}

std::optional<UmT5Encoder> BenchModel::text_encoder(const WeightOptions& options) const {
  if (checkpoint_) {
    const Weights weights = open_weights(checkpoint_->text_encoder, options);
    return UmT5Encoder(umt5_config_of(weights), weights);
  }
  if (umt5_xxl().width != transformer_.text_dim) return std::nullopt;
  return UmT5Encoder(umt5_xxl(), random_weights(kTextSeed, options));
}

std::optional<Wav2Vec2> BenchModel::speech_encoder(const WeightOptions& options) const {
  if (checkpoint_) {
    return Wav2Vec2(read_wav2vec2_config(checkpoint_->audio_config),
                    open_weights(checkpoint_->audio_encoder, options));
  }
  if (wav2vec2_large().width != transformer_.audio_dim) return std::nullopt;
  return Wav2Vec2(wav2vec2_large(), random_weights(kSpeechSeed, options));
}

}  // namespace longtake
