#pragma once

#include <ATen/ATen.h>

#include "rank/engine/transformer/linear.h"
#include "rank/engine/transformer/time_embedding.h"
#include "rank/engine/transformer/token_grid.h"
#include "rank/engine/transformer/transformer_config.h"

// C channels, F latent frames, Y latent rows, X latent columns, L tokens of a block, D model width
namespace longtake {

/// Makes a velocity of the last layer's tokens: the way out. Computes in float32.
class OutputHead {
 public:
  /// Takes head.
  OutputHead(const TransformerConfig& config, const Weights& weights);

  /// float32.
  at::Tensor velocity_CFYX(const at::Tensor& hidden_LD, const TimeModulation& time,
                           const TokenGrid& grid) const;

 private:
  std::int64_t channels_;
  double eps_;
  at::Tensor modulation_2D_;
  Linear linear_;
};

}  // namespace longtake
