#include "rank/engine/pipeline/transformer_model.h"

#include "rank/engine/transformer/transformer_parts.h"

namespace longtake {

TransformerModel::TransformerModel(const TransformerConfig& model_config, const Weights& model_weights,
                                   Interval own_layers)
    : config(model_config), weights(model_weights), layers(config, own_layers, weights) {
  TransformerParts parts;
  parts.layers = own_layers;
  parts.input = parts.audio = own_layers.begin == 0;
  parts.output = own_layers.end == config.layers;
  if (parts.input) input.emplace(config, weights);
  if (parts.audio) audio.emplace(config, weights);
  if (parts.output) head.emplace(config, weights);
  leave_other_parts(config, parts, weights);
  weights.refuse_unused();
}

TransformerModel::TransformerModel(const TransformerConfig& model_config, const Weights& model_weights)
    : TransformerModel(model_config, model_weights, {0, model_config.layers}) {}

}  // namespace longtake
