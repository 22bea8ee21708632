#pragma once

#include <ATen/ATen.h>

#include <cstdint>

// L queries, S keys, H heads, K head width
namespace longtake {

/// The memory that attention's scores live in: for each compute thread one tile of one head, some
/// queries and all keys. Its size is fixed, so attention's memory does not grow with queries times keys.
/// Used by one attention at a time.
class ScoreWorkspace {
 public:
  static constexpr std::int64_t kDefaultTileBytes = 8 << 20;

  explicit ScoreWorkspace(std::int64_t tile_bytes = kDefaultTileBytes) : tile_bytes_(tile_bytes) {}

  /// The most queries of a tile for `keys` keys, never less than one: that row is the floor of the memory.
  std::int64_t queries_per_tile(std::int64_t keys) const;

  /// Room for tiles of `values` scores, one per compute thread.
  void reserve(std::int64_t values, const at::Device& device);

  /// Of the calling thread: uninitialized float32 [queries, keys], valid until its next call.
  at::Tensor scores_LS(std::int64_t queries, std::int64_t keys) const;

  std::int64_t bytes() const { return tiles_.defined() ? static_cast<std::int64_t>(tiles_.nbytes()) : 0; }

 private:
  std::int64_t tile_bytes_;
  at::Tensor tiles_;  ///< [threads, values]
};

/// out = softmax(q k^T / sqrt(K)) v for every head, in float32. Keys and values are read where they lie;
/// rows may be strided. Tiles are cut by the shapes and the workspace alone and share nothing, so neither
/// their order nor the number of threads changes a bit.
void attend(const at::Tensor& q_LHK, const at::Tensor& k_SHK, const at::Tensor& v_SHK,
            const at::Tensor& out_LHK, ScoreWorkspace& workspace);

}  // namespace longtake
