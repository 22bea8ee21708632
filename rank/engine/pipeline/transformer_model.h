#pragma once

#include "rank/engine/transformer/audio_encoder.h"
#include "rank/engine/transformer/input_embedding.h"
#include "rank/engine/transformer/layer_stack.h"
#include "rank/engine/transformer/output_head.h"
#include "rank/engine/transformer/transformer_config.h"
#include "rank/engine/weights/weights.h"

namespace longtake {

/// All of a transformer on one device, as the layout `single` has it. What is asked once per prompt or
/// schedule (the embeddings of text and time) is not kept: whoever needs it takes it from `weights`.
struct TransformerModel {
  /// Throws Error{InvalidInput} for missing, mis-shaped and unknown tensors.
  TransformerModel(const TransformerConfig& config, const Weights& weights);

  TransformerConfig config;
  Weights weights;
  InputEmbedding input;
  LayerStack layers;
  AudioEncoder audio;
  OutputHead head;
};

}  // namespace longtake
