#include "rank/engine/liveavatar/loaded_model.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "jobs/error.h"
#include "rank/engine/text/text_encoder.h"

namespace longtake {
namespace {

/// Of the published adaptation (liveavatar/configs/s2v_causal_sft.yaml); its file does not say it.
constexpr double kPublishedLoraAlpha = 64;

Weights transformer_weights(const CheckpointLayout& layout, const std::filesystem::path& lora,
                            const WeightOptions& options) {
  const Weights base = open_weights(layout.transformer, options);
  return lora.empty() ? base : with_lora(base, find_lora(lora), kPublishedLoraAlpha);
}

/// `file` is where `what` comes from.
void require_same(const CheckpointLayout& layout, const std::filesystem::path& file, const std::string& what,
                  std::int64_t given, std::int64_t wanted) {
  if (given == wanted) return;
  throw Error(ErrorKind::InvalidInput,
              file.string() + " does not go with " + layout.transformer_config.string() + ": " + what +
                  " is " + std::to_string(given) + ", the transformer takes " + std::to_string(wanted));
}

}  // namespace

VaeConfig read_vae_config(const std::filesystem::path& weights) {
  const std::filesystem::path file = std::filesystem::path(weights).replace_extension(".json");
  if (!std::filesystem::exists(file)) return published_vae();
  std::ifstream stream(file);
  return vae_config_from(nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false), file.string());
}

LoadedModel::LoadedModel(const std::filesystem::path& model, const std::filesystem::path& lora,
                         WeightOptions options)
    : options_(options),
      layout_(find_checkpoint(model)),
      transformer_(read_transformer_config(layout_.transformer_config),
                   transformer_weights(layout_, lora, options)),
      vae_(read_vae_config(layout_.vae)),
      decoder_(vae_, open_weights(layout_.vae, options)) {
  require_same(layout_, layout_.vae, "the VAE's z_dim", vae_.z_dim, transformer_.config.latent_channels);
}

VaeEncoder LoadedModel::load_encoder() const { return {vae_, open_weights(layout_.vae, options_)}; }

Wav2Vec2 LoadedModel::load_audio_encoder() const {
  const Wav2Vec2Config config = read_wav2vec2_config(layout_.audio_config);
  require_same(layout_, layout_.audio_config, "the speech encoder's width", config.width,
               transformer_.config.audio_dim);
  require_same(layout_, layout_.audio_config, "the speech encoder's number of hidden states",
               config.layers + 1, transformer_.config.audio_layers);
  return {config, open_weights(layout_.audio_encoder, options_)};
}

at::Tensor LoadedModel::encode_words(const std::string& prompt) const {
  const Weights weights = open_weights(layout_.text_encoder, options_);
  const UmT5Encoder encoder(umt5_config_of(weights), weights);
  require_same(layout_, layout_.text_encoder, "the text encoder's width", encoder.config().width,
               transformer_.config.text_dim);
  return encode_prompt(encoder, Tokenizer(layout_.tokenizer), prompt,
                       static_cast<std::size_t>(transformer_.config.text_len));
}

}  // namespace longtake
