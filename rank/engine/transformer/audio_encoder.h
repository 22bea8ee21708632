#pragma once

#include <ATen/ATen.h>

#include "rank/engine/transformer/linear.h"
#include "rank/engine/transformer/transformer_config.h"

// Z layers of the speech encoder, E its width, V video frames (25 per second), F latent frames, N local
// tokens of a frame, D model width
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
  AudioEncoder(const TransformerConfig& config, const Weights& weights);

  /// Tokens of all latent frames that `features` give: ceil(ceil(V/2)/2).
  AudioTokens encode(const at::Tensor& features_ZEV) const;

  /// Tokens of a block. The published model hears its first frame `motion_frames` times before it; we
  /// repeat it as often as the convolutions reach back, which gives the same tokens.
  AudioTokens block(const at::Tensor& features_ZEV) const;

  std::int64_t bytes() const;

 private:
  struct Convolution {
    at::Tensor weight;
    at::Tensor bias;
    std::int64_t stride;
  };
  static Convolution take_convolution(const Weights& weights, const std::string& name, std::int64_t inputs,
                                      std::int64_t outputs, std::int64_t stride);
  static at::Tensor causal(const Convolution& convolution, const at::Tensor& x_BCV);
  at::Tensor mixed_1EV(const at::Tensor& features_ZEV) const;
  at::Tensor downsampled_BFD(const at::Tensor& x_BCV) const;

  std::int64_t heads_;
  Convolution first_local_;
  Convolution first_global_;
  Convolution second_;
  Convolution third_;
  Linear final_;
  at::Tensor padding_D_;
  at::Tensor layer_weights_Z_;
};

}  // namespace longtake
