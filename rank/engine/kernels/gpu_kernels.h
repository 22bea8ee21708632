#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "rank/engine/kernels/joined_attention.h"

/// What the .cu files define: the contracts of this folder on a GPU, for tensors that suits_kernels(). On the
/// device's current stream, without waiting. Rows may be strided; results do not depend on how rows are
/// shared out, so they are the same in every run.
// T tokens, D model width, F rows of gains, L queries, H heads, K head width, J pairs of a head, P pixels,
// C channels, H height, W width
namespace longtake::gpu {

/// hidden += added * gate where `added` is defined (an undefined gate is 1); out = layer norm of hidden where
/// `out` is defined.
struct AddAndNorm {
  at::Tensor hidden_TD;  ///< float32
  at::Tensor added_TD;
  at::Tensor gate_D;   ///< float32
  at::Tensor out_TD;   ///< the bits of E4M3 where `scale` is defined
  at::Tensor gain_FD;  ///< float32, [F, D] or [D]
  at::Tensor shift_FD;
  double eps = 0;
  at::Tensor scale_T{};  ///< float32, of the rows of E4M3
};
void add_and_norm(const AddAndNorm& work);

/// out = x, root-mean-square normed over D where `weight` is defined, and turned where `turn` is.
/// `out` may be `x`.
struct NormAndTurn {
  at::Tensor out_TD;
  at::Tensor x_TD;
  at::Tensor weight_D;  ///< of x's type
  at::Tensor turn_TJ;   ///< complex64
  double eps = 0;
};
void norm_and_turn(const NormAndTurn& work);

void gelu_(const at::Tensor& x);

/// Of at most 768 channels, contiguous.
struct NormedSilu {
  at::Tensor out_PC;
  at::Tensor x_PC;
  at::Tensor bias_C;  ///< or undefined
  at::Tensor gain_C;
};
void normed_silu(const NormedSilu& work);

/// P T frames of C channels from T of P C.
struct Enlarge {
  at::Tensor out_THWC;
  at::Tensor x_THWC;
  at::Tensor bias_C;  ///< or undefined
};
void enlarge(const Enlarge& work);

/// Found contiguous, as is `out`; sums may be strided.
void join_attention(const at::Tensor& out_LHK, const std::vector<AttentionPart>& parts);

/// `plus` may be undefined.
void add_bias_(const at::Tensor& x_PC, const at::Tensor& bias_C, const at::Tensor& plus_PC);

}  // namespace longtake::gpu
