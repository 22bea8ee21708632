#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "rank/engine/audio/wav2vec2_config.h"
#include "rank/engine/weights/weights.h"

// S samples, T feature frames (50 a second), C channels of a convolution, D model width, N hidden states

namespace longtake {

/// The speech encoder on one device, in the type and on the device of its weights. Immutable: any thread
/// may use it.
class Wav2Vec2 {
 public:
  /// Takes what it needs of a Hugging Face checkpoint, whose names begin with "wav2vec2." or not; heads and
  /// training-only tensors (lm_head, quantizer, masked_spec_embed, ...) are left. Throws
  /// Error{InvalidInput} as Weights::take and Weights::refuse_unused do.
  Wav2Vec2(const Wav2Vec2Config& config, const Weights& weights);

  /// `samples_S`: 16 kHz mono, zero mean and unit variance (normalised()) -> all hidden states [N, T, D]:
  /// what enters the first layer and what leaves each one, the last of them normed if the config says
  /// so; N is layers + 1 and T is config().frames_of(S). Throws Error{Bug} when there are too few samples for
  /// one frame.
  at::Tensor hidden_states(const at::Tensor& samples_S) const;

  const Wav2Vec2Config& config() const { return config_; }
  /// Type and device of what it gives.
  at::TensorOptions options() const { return norm_.weight.options(); }

 private:
  struct Affine {
    at::Tensor weight, bias;
  };
  struct Convolution {
    Affine filter;  // the bias may be undefined
    Affine norm;
    std::int64_t stride = 1;
  };
  struct Layer {
    Affine attention_norm, q, k, v, out;
    Affine ffn_norm, up, down;
  };

  static Affine affine_from(const Weights& weights, const std::string& name, at::IntArrayRef shape);
  static at::Tensor position_filter_from(const Weights& weights, at::IntArrayRef shape);
  void take_convolutions(const Weights& weights);
  Layer layer_from(const Weights& weights) const;
  at::Tensor norm(const Affine& affine, const at::Tensor& x_TD) const;
  at::Tensor extract(const at::Tensor& samples_S) const;
  at::Tensor positions(const at::Tensor& x_TD) const;
  at::Tensor attend(const Layer& layer, const at::Tensor& x_TD) const;

  Wav2Vec2Config config_;
  std::vector<Convolution> convolutions_;
  Affine projection_norm_, projection_;
  Affine position_;
  std::vector<Layer> layers_;
  Affine norm_;
};

}  // namespace longtake
