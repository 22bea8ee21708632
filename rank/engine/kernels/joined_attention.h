#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

// L queries, H heads, K head width
namespace longtake {

/// What queries found among some of the keys, and the natural logarithms of the sums of their exponentials of
/// scores there, float32. May be slices of more queries.
struct AttentionPart {
  at::Tensor found_LHK;
  at::Tensor sum_HL;
};

inline constexpr std::size_t kMostAttentionParts = 4;

/// `out` = what the same queries would have found among the keys of all parts, at most kMostAttentionParts:
/// each is weighted by its share of all exponentials. Computed in float32. `out` may be a slice of more
/// queries, or the found of a part.
void join_attention(const at::Tensor& out_LHK, const std::vector<AttentionPart>& parts);

}  // namespace longtake
