#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "jobs/interval.h"
#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/transformer/transformer_config.h"

// L tokens of a block, S tokens that a block sees, T text tokens, D model width, H heads, K head width
namespace longtake {

/// What our layers are held against: the same work on the same shapes, written as one would with LibTorch's
/// own functions, one after another. All layers share one layer's random weights and one cache, for what is
/// in them takes no time, and both are too large to stay in a processor's caches. Belongs to one thread.
class PlainLayers {
 public:
  PlainLayers(const TransformerConfig& config, const ClipShape& clip, Interval layers,
              const at::TensorOptions& options);

  /// One block through all layers, with a full window.
  void run();

 private:
  struct Linear {
    at::Tensor weight, bias;
  };
  struct Attention {
    Linear query, key, value, output;
    at::Tensor query_norm_D, key_norm_D;
  };

  Linear linear(std::int64_t in, std::int64_t out) const;
  Attention attention() const;
  at::Tensor random(at::IntArrayRef shape) const;
  at::Tensor heads_of(const at::Tensor& x) const;
  at::Tensor turned(const at::Tensor& x_LD) const;
  at::Tensor modulated(const at::Tensor& x_LD, std::int64_t shift) const;
  at::Tensor self_attend(const at::Tensor& x_LD) const;
  at::Tensor cross(const Attention& weights, const at::Tensor& x_LD, const at::Tensor& keys,
                   const at::Tensor& values, std::int64_t batches) const;
  void run_layer(bool hears);

  TransformerConfig config_;
  Interval layers_;
  at::TensorOptions options_;
  std::int64_t frames_;
  Attention self_, text_, audio_;
  Linear in_, out_;
  at::Tensor modulation_6D_;
  at::Tensor turn_LK_;                    ///< complex
  at::Tensor kept_keys_, kept_values_;    ///< [1, H, S - L, K]: what was there before the block
  at::Tensor text_keys_, text_values_;    ///< [1, H, T, K]
  at::Tensor audio_keys_, audio_values_;  ///< [frames, H, sounds, K]
  at::Tensor hidden_LD_;
};

}  // namespace longtake
