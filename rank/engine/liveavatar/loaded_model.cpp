#include "rank/engine/liveavatar/loaded_model.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "jobs/error.h"
#include "rank/engine/text/text_encoder.h"

namespace longtake {
namespace {

/// Of the published adaptation (liveavatar/configs/s2v_causal_sft.yaml); its file does not say it.
constexpr double kPublishedLoraAlpha = 64;

// As the planner names them.
constexpr const char* kTransformer = "transformer weights";
constexpr const char* kDecoder = "vae weights";

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

VaeConfig read_vae_config(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return published_vae();
  std::ifstream stream(file);
  return vae_config_from(nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false), file.string());
}

}  // namespace

LoadedModel::LoadedModel(const std::filesystem::path& model, const std::filesystem::path& lora,
                         WeightOptions options, BeforeTensor before_tensor, MemoryAccount& account)
    : options_(options),
      before_tensor_(std::move(before_tensor)),
      account_(account),
      layout_(find_checkpoint(model)),
      transformer_config_(read_transformer_config(layout_.transformer_config)),
      transformer_weights_(watched(transformer_weights(layout_, lora, options), before_tensor_)),
      vae_(read_vae_config(layout_.vae_config)) {
  open(layout_.vae);  // a file that is not there is missed before anything is loaded
  require_same(layout_, layout_.vae, "the VAE's z_dim", vae_.z_dim, transformer_config_.latent_channels);
}

LoadedModel::~LoadedModel() {
  account_.on_dropped(kTransformer);
  account_.on_dropped(kDecoder);
}

Weights LoadedModel::open(const std::filesystem::path& file) const {
  return watched(open_weights(file, options_), before_tensor_);
}

TransformerModel& LoadedModel::transformer(Interval layers) {
  if (transformer_ == nullptr || transformer_->layers.layers() != layers) {
    drop_transformer();  // before the next are loaded: there may not be room for both
    const MemoryAccount::Making making(account_, kTransformer);
    transformer_ = std::make_unique<TransformerModel>(transformer_config_, transformer_weights_, layers);
  }
  return *transformer_;
}

void LoadedModel::drop_transformer() {
  transformer_.reset();
  account_.on_dropped(kTransformer);
}

const VaeDecoder& LoadedModel::decoder() {
  if (decoder_ == nullptr) {
    const MemoryAccount::Making making(account_, kDecoder);
    decoder_ = std::make_unique<VaeDecoder>(vae_, open(layout_.vae));
  }
  return *decoder_;
}

VaeEncoder LoadedModel::load_encoder() const { return {vae_, open(layout_.vae)}; }

Wav2Vec2 LoadedModel::load_audio_encoder() const {
  const Wav2Vec2Config config = read_wav2vec2_config(layout_.audio_config);
  require_same(layout_, layout_.audio_config, "the speech encoder's width", config.width,
               transformer_config_.audio_dim);
  require_same(layout_, layout_.audio_config, "the speech encoder's number of hidden states",
               config.layers + 1, transformer_config_.audio_layers);
  return {config, open(layout_.audio_encoder)};
}

at::Tensor LoadedModel::encode_words(const std::string& prompt) const {
  const Weights weights = open(layout_.text_encoder);
  const UmT5Encoder encoder(umt5_config_of(weights), weights);
  require_same(layout_, layout_.text_encoder, "the text encoder's width", encoder.config().width,
               transformer_config_.text_dim);
  return encode_prompt(encoder, Tokenizer(layout_.tokenizer), prompt,
                       static_cast<std::size_t>(transformer_config_.text_len));
}

}  // namespace longtake
