#pragma once

#include "rank/engine/e4m3.h"

namespace longtake {

/// What is rounded: x, or gelu_() of it; `x` is used up by the latter.
enum class RowFunction { Identity, Gelu };

/// Rounds each row to E4M3 with a scale that makes its largest number the largest of the format:
/// scale = max |x| / 448, bits = E4M3 of x * (448 / max |x|). A row of zeros stays one, NaN stays NaN. Of x
/// itself the same bits on a CPU and on a GPU. x: float32, bfloat16 or float16, rows in one piece.
E4m3Rows quantize_rows(const at::Tensor& x_TI, RowFunction of = RowFunction::Identity);

/// The same into memory that is there already, in one piece: no allocation on a GPU.
void quantize_rows_into(const E4m3Rows& rows, const at::Tensor& x_TI, RowFunction of = RowFunction::Identity);

}  // namespace longtake
