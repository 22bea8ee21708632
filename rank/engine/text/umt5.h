#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "rank/engine/weights/weights.h"

// B batch, L tokens, D model width, H heads, K head width

namespace longtake {

/// The sizes of a umT5 encoder (Chung et al. 2023; T5 1.1 with relative positions in every layer).
struct UmT5Config {
  std::int64_t vocabulary = 0;
  std::int64_t width = 0;
  std::int64_t attention_width = 0;  ///< all heads together
  std::int64_t ffn_width = 0;
  std::int64_t heads = 0;
  std::int64_t layers = 0;
  std::int64_t buckets = 0;       ///< of relative distance, both directions together
  bool shared_positions = false;  ///< one table of positions for all layers
};

/// The sizes that the weights have. The published checkpoint has no file that says them, and its tensors
/// say all. Throws Error{InvalidInput} when a tensor that shows a size is missing.
UmT5Config umt5_config_of(const Weights& weights);

/// The encoder on one device, in the type and on the device of its weights. Immutable: any thread may
/// encode.
class UmT5Encoder {
 public:
  /// Takes all of `weights`. Throws Error{InvalidInput} as Weights::take and Weights::refuse_unused do, and
  /// for sizes that do not go together.
  UmT5Encoder(const UmT5Config& config, const Weights& weights);

  /// `ids_BL` and `mask_BL` (1: a token, 0: padding) of 64-bit numbers on any device -> [B, L, D]. Rows of
  /// padding have no meaning. Throws Error{InvalidInput} when an id is not in the vocabulary: the tokenizer
  /// is of another model.
  at::Tensor encode(const at::Tensor& ids_BL, const at::Tensor& mask_BL) const;

  const UmT5Config& config() const { return config_; }

 private:
  struct Block {
    at::Tensor norm1, norm2;
    at::Tensor q, k, v, o;
    at::Tensor gate, fc1, fc2;
    at::Tensor positions;  // [buckets, H]; undefined when shared
  };

  Block block_from(const Weights& weights) const;
  at::Tensor attend(const Block& block, const at::Tensor& x_BLD, const at::Tensor& bias_BHLL) const;

  UmT5Config config_;
  at::Tensor embedding_;
  at::Tensor positions_;  // [buckets, H]; undefined when every layer has its own
  std::vector<Block> blocks_;
  at::Tensor norm_;
};

}  // namespace longtake
