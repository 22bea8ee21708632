#pragma once

#include <ATen/ATen.h>

#include "rank/engine/e4m3.h"

// N tokens of a cache, T some of them in a row, H heads, K head width
namespace longtake {

/// The keys, or the values, of a cache's tokens in E4M3, with a scale for each token
/// (docs/decisions/0027-kv-caches-in-fp8.md).
class RoundedTokens {
 public:
  RoundedTokens(std::int64_t tokens, std::int64_t width, at::Device device);

  /// Rounds tokens into those from `first` on. Heads of a token in one piece.
  void keep(std::int64_t first, const at::Tensor& x_THK);

  /// Writes `count` tokens from `first` on to where they belong in `room`.
  void open(std::int64_t first, std::int64_t count, const at::Tensor& room_NHK) const;

  /// The first tokens of another become these; without rounding again.
  void copy_first(std::int64_t count, const RoundedTokens& other);

  std::int64_t bytes() const;

 private:
  E4m3Rows rows(std::int64_t first, std::int64_t count) const;

  E4m3Rows rows_;
};

}  // namespace longtake
