#pragma once

#include <optional>

#include "jobs/interval.h"
#include "rank/engine/transformer/audio_encoder.h"
#include "rank/engine/transformer/input_embedding.h"
#include "rank/engine/transformer/layer_stack.h"
#include "rank/engine/transformer/output_head.h"
#include "rank/engine/transformer/transformer_config.h"
#include "rank/engine/weights/weights.h"

namespace longtake {

/// Some consecutive layers of a transformer on one device, with what belongs to its ends where they are
/// among them. What is asked once per prompt or schedule (the embeddings of text and time) is not kept:
/// whoever needs it takes it from `weights`.
struct TransformerModel {
  /// Only these layers' tensors are read. Throws Error{InvalidInput} for missing, mis-shaped and unknown
  /// tensors.
  TransformerModel(const TransformerConfig& config, const Weights& weights, Interval layers);
  /// All layers.
  TransformerModel(const TransformerConfig& config, const Weights& weights);

  TransformerConfig config;
  Weights weights;
  std::optional<InputEmbedding> input;  ///< with the first layer
  LayerStack layers;
  std::optional<AudioEncoder> audio;  ///< with the first layer
  std::optional<OutputHead> head;     ///< with the last layer
};

}  // namespace longtake
