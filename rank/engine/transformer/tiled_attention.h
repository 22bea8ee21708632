#pragma once

#include <ATen/ATen.h>

#include <functional>

// B parts whose queries see keys of their own, L queries of a part, S its keys, H heads, K head width
namespace longtake {

/// What queries found among keys, contiguous, and the natural logarithms of their sums of exponentials of
/// scores, float32.
struct AttentionFound {
  at::Tensor found_BLHK;
  at::Tensor sum_BHL;
};

/// A kernel that takes queries and keys in tiles: q_BLHK, k_BSHK, v_BSHK, whose rows may be strided.
using AttentionAmong = std::function<AttentionFound(const at::Tensor&, const at::Tensor&, const at::Tensor&)>;

/// Whether attention_by_tiles() is for this: one part of many keys, and not whole tiles of keys or of very
/// many queries. It looks at sizes only.
bool gains_by_tiles(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK);

/// Attention in calls of `among`, nearly all of it of whole tiles, joined in one contiguous [1, L, H, K]:
///
///                     whole tiles of keys     last keys
///     whole tiles     one call                one call
///     last queries    a call in equal parts   for both
///
/// Never waits for the GPU, and can be captured in a graph.
at::Tensor attention_by_tiles(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK, const at::Tensor& v_BSHK,
                              const AttentionAmong& among);

}  // namespace longtake
