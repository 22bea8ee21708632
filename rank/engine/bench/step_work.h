#pragma once

#include <cstdint>

#include "jobs/interval.h"
#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/transformer/transformer_config.h"

namespace longtake {

/// Multiplications and additions of the matrix products of one forward pass with a full window: what its time
/// would be made of if nothing else took any.
struct StepWork {
  double linear_flop = 0;     ///< products with weights
  double attention_flop = 0;  ///< queries with keys, scores with values

  double flop() const { return linear_flop + attention_flop; }
};

/// Of these layers; what is before and behind them is a thousandth of it.
StepWork step_work(const TransformerConfig& config, const ClipShape& clip, Interval layers);

}  // namespace longtake
