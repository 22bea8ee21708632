#include "rank/engine/transformer/output_head.h"

#include "rank/engine/kernels/layer_norm.h"
#include "rank/engine/transformer/patches.h"

namespace longtake {

OutputHead::OutputHead(const TransformerConfig& config, const Weights& weights)
    : channels_(config.latent_channels),
      eps_(config.eps),
      modulation_2D_(weights.take("head.modulation", {1, 2, config.dim}).to(at::kFloat).squeeze(0)),
      linear_(take_linear(weights, "head.head", config.dim, kPatch * kPatch * config.latent_channels)
                  .in_float32()) {}

at::Tensor OutputHead::velocity_CFYX(const at::Tensor& hidden_LD, const TimeModulation& time,
                                     const TokenGrid& grid) const {
  const at::Tensor shift_scale_2D = modulation_2D_ + time.head_D;
  const at::Tensor normed_LD =
      layer_norm(hidden_LD, {shift_scale_2D[1].add(1), shift_scale_2D[0], eps_}, at::kFloat);
  return unpatched_CFYX(linear_(normed_LD), grid, channels_);
}

}  // namespace longtake
