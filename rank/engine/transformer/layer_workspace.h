#pragma once

#include <ATen/ATen.h>

#include "rank/engine/transformer/attention.h"

// T tokens, S tokens of a cache, D model width, N width of the feed-forward network
namespace longtake {

/// The memory that a layer computes in, kept between layers and blocks: nothing is allocated per layer
/// but small things. Belongs to one thread.
struct LayerWorkspace {
  at::Tensor query_TD;
  at::Tensor key_TD;          ///< and later a part's output
  at::Tensor gathered_TD;     ///< by attention in tiles; a fused one answers in memory of its own
  at::Tensor wide_TN;         ///< the feed-forward network's inside, and all products of self-attention
  at::Tensor opened_keys_SD;  ///< of all that a layer attends to: where caches in fp8 are opened
  at::Tensor opened_values_SD;
  ScoreWorkspace scores;

  /// A view of `buffer`, which grows when it has to. Its content is lost when rows of another width are asked
  /// for.
  static at::Tensor rows_of(at::Tensor& buffer, std::int64_t rows, std::int64_t width,
                            const at::TensorOptions& options);

  std::int64_t bytes() const;
};

}  // namespace longtake
