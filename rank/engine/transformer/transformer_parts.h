#pragma once

#include "jobs/interval.h"
#include "rank/engine/transformer/transformer_config.h"
#include "rank/engine/weights/weights.h"

namespace longtake {

/// What of a transformer an engine loads.
struct TransformerParts {
  Interval layers;      ///< a LayerStack's
  bool input = false;   ///< InputEmbedding
  bool text = false;    ///< TextEmbedding
  bool time = false;    ///< TimeEmbedding
  bool audio = false;   ///< AudioEncoder
  bool output = false;  ///< OutputHead
};

/// Tells `weights` that the tensors of all other parts are known, so that refuse_unused() then names
/// those that no part of the model has.
void leave_other_parts(const TransformerConfig& config, const TransformerParts& parts,
                       const Weights& weights);

}  // namespace longtake
