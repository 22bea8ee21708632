#pragma once

#include <ATen/ATen.h>

#include <cstdint>

#include "rank/engine/compute_threads.h"

// T tokens, O outputs
namespace longtake {

/// A part of a product's result.
struct ProductTile {
  std::int64_t token = 0, tokens = 0;
  std::int64_t output = 0, outputs = 0;

  at::Tensor tokens_of(const at::Tensor& all) const { return all.narrow(0, token, tokens); }
  /// Of a matrix whose rows are outputs, of a bias, of scales.
  at::Tensor outputs_of(const at::Tensor& all) const { return all.narrow(0, output, outputs); }
  at::Tensor of(const at::Tensor& all_TO) const { return tokens_of(all_TO).narrow(1, output, outputs); }
};

/// On a CPU large enough that packing a tile's inputs costs a few percent of its product, small enough to
/// share out.
inline constexpr std::int64_t kCpuTileTokens = 384, kCpuTileOutputs = 512;

/// work(tile) for all parts of `out`: on a CPU of the sizes above, elsewhere of all tokens and at most
/// `device_outputs`.
template <class Work>
void for_product_tiles(const at::Tensor& out_TO, std::int64_t device_outputs, const Work& work) {
  const bool is_cpu = out_TO.is_cpu();
  const TileCut tokens(out_TO.size(0), is_cpu ? kCpuTileTokens : std::max<std::int64_t>(out_TO.size(0), 1));
  const TileCut outputs(out_TO.size(1), is_cpu ? kCpuTileOutputs : device_outputs);
  for_each_tile(out_TO.device(), tokens.count * outputs.count, [&](std::int64_t tile) {
    const std::int64_t row = tile / outputs.count, column = tile % outputs.count;
    work(ProductTile{tokens.begin(row), tokens.size_of(row), outputs.begin(column), outputs.size_of(column)});
  });
}

}  // namespace longtake
