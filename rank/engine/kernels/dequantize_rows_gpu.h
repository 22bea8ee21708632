#pragma once

#include "rank/engine/kernels/dequantize_rows.h"

/// What dequantize_rows.cu defines.
namespace longtake::gpu {

/// dequantize_rows_into() on a CUDA device, on its current stream, without waiting.
void dequantize_rows(const at::Tensor& out_TI, const E4m3Rows& rows);

}  // namespace longtake::gpu
