#pragma once

#include "rank/engine/e4m3.h"

namespace longtake {

/// out = value of each number's bits * its row's scale, computed in float32 and rounded once to out's type:
/// float32, bfloat16 or float16. The same bits on a CPU and on a GPU, there in one pass over memory. All in
/// one piece, `out` of the shape of the bits.
void dequantize_rows_into(const at::Tensor& out_TI, const E4m3Rows& rows);

}  // namespace longtake
