#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "rank/engine/audio/wav2vec2.h"
#include "rank/engine/liveavatar/memory_account.h"
#include "rank/engine/liveavatar/watched_weights.h"
#include "rank/engine/pipeline/transformer_model.h"
#include "rank/engine/vae/vae_config.h"
#include "rank/engine/vae/vae_decoder.h"
#include "rank/engine/vae/vae_encoder.h"
#include "storage/checkpoint_layout.h"

namespace longtake {

/// A published checkpoint. Its sizes are known at once; parts are loaded when they are asked for. What every
/// block needs stays loaded, what a job needs once is loaded for it and dropped. Everything throws
/// Error{InvalidInput} naming file and tensor for what is wrong, and what `before_tensor` throws.
class LoadedModel {
 public:
  /// Opens the transformer and the VAE and loads nothing. `lora` may be empty. `account` is told what stays
  /// loaded and must outlive it.
  LoadedModel(const std::filesystem::path& model, const std::filesystem::path& lora, WeightOptions options,
              BeforeTensor before_tensor, MemoryAccount& account);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  const TransformerConfig& transformer_config() const { return transformer_config_; }
  const VaeConfig& vae() const { return vae_; }

  /// These layers; others are dropped first.
  TransformerModel& transformer(Interval layers);
  /// Makes room for an encoder.
  void drop_transformer();
  const VaeDecoder& decoder();

  VaeEncoder load_encoder() const;
  Wav2Vec2 load_audio_encoder() const;
  at::Tensor encode_words(const std::string& prompt) const;

 private:
  Weights open(const std::filesystem::path& file) const;

  WeightOptions options_;
  BeforeTensor before_tensor_;
  MemoryAccount& account_;
  CheckpointLayout layout_;
  TransformerConfig transformer_config_;
  Weights transformer_weights_;
  VaeConfig vae_;
  std::unique_ptr<TransformerModel> transformer_;
  std::unique_ptr<VaeDecoder> decoder_;
};

}  // namespace longtake
