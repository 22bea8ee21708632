#pragma once

#include <ATen/ATen.h>

#include "rank/engine/transformer/linear.h"
#include "rank/engine/transformer/transformer_config.h"

// W words, E width of the text encoder, T text tokens, D model width
namespace longtake {

/// Needed once per prompt: make it, ask it, drop it.
class TextEmbedding {
 public:
  /// Takes text_embedding.
  TextEmbedding(const TransformerConfig& config, const Weights& weights);

  /// The prompt's words in the model's width, padded to text_len: padding is attended to, as in the
  /// published model. Throws Error{InvalidInput} for more words than that.
  at::Tensor operator()(const at::Tensor& words_WE) const;

 private:
  std::int64_t text_len_;
  Linear first_;
  Linear second_;
};

}  // namespace longtake
