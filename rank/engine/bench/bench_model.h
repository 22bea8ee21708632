#pragma once

#include <optional>

#include "jobs/model/model_shape.h"
#include "rank/engine/audio/wav2vec2.h"
#include "rank/engine/bench/bench_options.h"
#include "rank/engine/text/umt5.h"
#include "rank/engine/transformer/transformer_config.h"
#include "rank/engine/vae/vae_config.h"
#include "rank/engine/weights/weights.h"
#include "storage/checkpoint_layout.h"

namespace longtake {

/// A model to measure: the sizes as the engine and as the planner read them, and weights, those of a
/// checkpoint or random ones.
class BenchModel {
 public:
  /// Throws Error{InvalidInput} naming the file for what is missing or does not go together.
  explicit BenchModel(const BenchOptions& options);

  const TransformerConfig& transformer() const { return transformer_; }
  const VaeConfig& vae() const { return vae_; }
  const ModelShape& shape() const { return shape_; }
  bool is_random() const { return !checkpoint_.has_value(); }

  Weights transformer_weights(const WeightOptions& options) const;
  Weights vae_weights(const WeightOptions& options) const;

  /// Without a checkpoint those of the published model's sizes, where the transformer takes what they give;
  /// nullopt where it does not.
  std::optional<UmT5Encoder> text_encoder(const WeightOptions& options) const;
  std::optional<Wav2Vec2> speech_encoder(const WeightOptions& options) const;

 private:
  void read_config(const std::filesystem::path& given);
  void read_vae(const std::filesystem::path& file);

  std::optional<CheckpointLayout> checkpoint_;
  TransformerConfig transformer_;
  VaeConfig vae_;
  ModelShape shape_;
};

}  // namespace longtake
