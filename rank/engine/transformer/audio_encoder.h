#pragma once

#include <ATen/ATen.h>

#include "rank/engine/transformer/linear.h"
#include "rank/engine/transformer/transformer_config.h"

// Z layers of the speech encoder, E its width, V video frames (25 per second), F latent frames, N local
// tokens of a frame, D model width, B batch, C channels
namespace longtake {

/// What the layers hear of a block. float32.
struct AudioTokens {
  at::Tensor global_FD;
  at::Tensor local_FND;
};

/// casual_audio_encoder: mixes the speech encoder's layers and convolves causally in time, four video
/// frames to one latent frame. Computes in float32.
class AudioEncoder {
 public:
  /// `weights`: the whole checkpoint. Throws Error{InvalidInput} as Weights does.
  AudioEncoder(const TransformerConfig& config, const Weights& weights);

  /// Tokens of all latent frames that `features` give: ceil(ceil(V / 2) / 2).
  AudioTokens encode(const at::Tensor& features_ZEV) const;

  /// Tokens of a block: one latent frame for four video frames. The published model hears the block's
  /// first frame `motion_frames` times before it; we repeat it as often as the convolutions reach back,
  /// which gives the same tokens.
  AudioTokens block(const at::Tensor& features_ZEV) const;

 private:
  at::Tensor mixed_1VE(const at::Tensor& features_ZEV) const;
  at::Tensor downsampled_BFD(const at::Tensor& x_BVC) const;

  std::int64_t heads_;
  Linear first_local_;
  Linear first_global_;
  Linear second_;
  Linear third_;
  Linear final_;
  at::Tensor padding_D_;
  at::Tensor layer_weights_Z_;
};

}  // namespace longtake
