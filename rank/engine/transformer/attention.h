#pragma once

#include <ATen/ATen.h>

#include <cstdint>

// L queries, S keys, H heads, K head width
namespace longtake {

/// The memory that scores of one tile live in: one head, some queries, all keys. Its size is fixed, so
/// attention's memory does not grow with queries times keys. Used by one attention at a time.
class ScoreWorkspace {
 public:
  static constexpr std::int64_t kDefaultBytes = 16 << 20;

  explicit ScoreWorkspace(std::int64_t bytes = kDefaultBytes) : bytes_(bytes) {}

  /// The largest tile for `keys` keys, never less than one query: that row is the floor of the memory.
  std::int64_t queries_per_tile(std::int64_t keys) const;

  /// Uninitialized float32 [queries, keys]; its values last until the next call.
  at::Tensor scores_LS(std::int64_t queries, std::int64_t keys, at::Device device);

  std::int64_t bytes() const { return memory_.defined() ? static_cast<std::int64_t>(memory_.nbytes()) : 0; }

 private:
  std::int64_t bytes_;
  at::Tensor memory_;
};

/// out = softmax(q k^T / sqrt(K)) v for every head, in float32. Keys and values are read where they lie;
/// rows may be strided. Tiles share nothing but the workspace, so their order changes no bit; their size
/// follows from the shapes and the workspace alone.
void attend(const at::Tensor& q_LHK, const at::Tensor& k_SHK, const at::Tensor& v_SHK,
            const at::Tensor& out_LHK, ScoreWorkspace& workspace);

}  // namespace longtake
