#pragma once

#include <ATen/ATen.h>

// B parts whose queries see keys of their own, L queries of a part, S its keys, H heads, K head width
namespace longtake {

/// Whether fused_attention() computes where `x` is: on a GPU, in a build for them.
bool can_fuse_attention(const at::Tensor& x);

/// softmax(q k^T / sqrt(K)) v for every head of every part, in kernels that keep no scores in memory.
/// Rows may be strided: keys and values are read where they lie. In q's type; products of halves and all
/// sums in float32, float32 in three TF32 products, which keep its precision. Contiguous memory of its own.
/// Throws Error{Bug} where can_fuse_attention() says no.
at::Tensor fused_attention(const at::Tensor& q_BLHK, const at::Tensor& k_BSHK, const at::Tensor& v_BSHK);

}  // namespace longtake
