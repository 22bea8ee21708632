#include "rank/engine/pipeline/transformer_model.h"

#include "rank/engine/transformer/transformer_parts.h"

namespace longtake {

TransformerModel::TransformerModel(const TransformerConfig& model_config, const Weights& model_weights)
    : config(model_config),
      weights(model_weights),
      input(config, weights),
      layers(config, {0, config.layers}, weights),
      audio(config, weights),
      head(config, weights) {
  TransformerParts parts;
  parts.layers = layers.layers();
  parts.input = parts.audio = parts.output = true;
  leave_other_parts(config, parts, weights);
  weights.refuse_unused();
}

}  // namespace longtake
