#pragma once

#include "rank/engine/kernels/quantize_rows.h"

/// What quantize_rows.cu defines, and what it shares with the CPU's side.
namespace longtake::gpu {

/// Stands in for the largest number of a row of zeros.
inline constexpr float kLeastRowMaximum = 1e-12F;

/// quantize_rows() for x on a CUDA device, on its current stream, without waiting; one pass over memory for
/// rows that suit 16-byte accesses.
void quantize_rows(const at::Tensor& x_TI, const E4m3Rows& rows, RowFunction of);

}  // namespace longtake::gpu
