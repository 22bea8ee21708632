#pragma once

#include <ATen/ATen.h>

#include "rank/engine/transformer/linear.h"
#include "rank/engine/transformer/transformer_config.h"

// D model width
namespace longtake {

/// What a denoising step's noise level does to the model, float32. The same for all blocks.
struct TimeModulation {
  at::Tensor head_D;
  at::Tensor layers_6D;  ///< [6, D]: shift, scale, gate of self-attention, then of the feed-forward network
};

/// Needed once per timestep: make it, ask it, drop it. Computes in float32.
class TimeEmbedding {
 public:
  /// Takes time_embedding and time_projection.
  TimeEmbedding(const TransformerConfig& config, const Weights& weights);

  /// `timestep` is the noise level times 1000. The sink is made at timestep 0.
  TimeModulation at(double timestep) const;

 private:
  std::int64_t freq_dim_;
  Linear first_;
  Linear second_;
  Linear projection_;
};

}  // namespace longtake
