#pragma once

#include <ATen/ATen.h>

#include <optional>

#include "rank/engine/transformer/linear.h"
#include "rank/engine/transformer/transformer_config.h"

// C channels, F latent frames, Y latent rows, X latent columns, L tokens of a block, S tokens of the
// sink, D model width
namespace longtake {

/// Makes tokens of latents: the way into the first layer.
class InputEmbedding {
 public:
  /// `weights`: the whole checkpoint. Takes patch_embedding, cond_encoder, frame_packer and
  /// trainable_cond_mask. Throws Error{InvalidInput} as Weights does.
  InputEmbedding(const TransformerConfig& config, const Weights& weights);

  /// The tokens of a noisy block, float32. No pose means latents of zero, as the published program feeds
  /// them when it has no pose video.
  at::Tensor block_LD(const at::Tensor& latent_CFYX, const std::optional<at::Tensor>& pose_CFYX) const;

  /// The tokens of the sink, float32: reference image (one latent frame), then motion latents packed from
  /// the newest to the oldest. Fewer than 19 motion frames are preceded by zeros.
  at::Tensor sink_SD(const at::Tensor& reference_CFYX, const at::Tensor& motion_CFYX) const;

 private:
  /// Rows of trainable_cond_mask.
  enum Kind { kNoisy = 0, kReference = 1, kMotion = 2 };

  at::Tensor kind_D(Kind kind) const { return kinds_KD_.select(0, kind); }

  Linear patch_;
  Linear pose_;
  std::vector<Linear> motion_;  ///< one per bucket
  at::Tensor kinds_KD_;
};

}  // namespace longtake
