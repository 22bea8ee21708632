#pragma once

#include <filesystem>
#include <string>

#include "rank/engine/audio/wav2vec2.h"
#include "rank/engine/pipeline/transformer_model.h"
#include "rank/engine/vae/vae_config.h"
#include "rank/engine/vae/vae_decoder.h"
#include "rank/engine/vae/vae_encoder.h"
#include "storage/checkpoint_layout.h"

namespace longtake {

/// A published checkpoint: what every block needs stays loaded, what a job needs once is loaded for it
/// and dropped. Everything throws Error{InvalidInput} naming file and tensor for what is wrong.
class LoadedModel {
 public:
  /// `lora` may be empty.
  LoadedModel(const std::filesystem::path& model, const std::filesystem::path& lora, WeightOptions options);

  TransformerModel& transformer() { return transformer_; }
  const VaeConfig& vae() const { return vae_; }
  const VaeDecoder& decoder() const { return decoder_; }

  VaeEncoder load_encoder() const;
  Wav2Vec2 load_audio_encoder() const;
  at::Tensor encode_words(const std::string& prompt) const;

 private:
  WeightOptions options_;
  CheckpointLayout layout_;
  TransformerModel transformer_;
  VaeConfig vae_;
  VaeDecoder decoder_;
};

/// The shape of the VAE in `weights`: of a file of the same stem with the extension .json if there is one,
/// else the published one, which has no such file.
VaeConfig read_vae_config(const std::filesystem::path& weights);

}  // namespace longtake
