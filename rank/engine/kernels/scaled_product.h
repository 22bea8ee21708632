#pragma once

#include <string>

#include "rank/engine/e4m3.h"

// T tokens, I inputs, O outputs
namespace longtake {

/// out = x w^T + bias for x [T, I] and w [O, I]; the bias in out's type, rows of out in one piece. On a CPU
/// summed in float32. On a GPU by LibTorch's product of rows with scales, with what NVIDIA calls fast
/// accumulation: partial sums keep fewer bits than float32, as published programs have it; O and I must be
/// multiples of 16 and why_no_scaled_product() empty. On the current stream, without waiting.
void scaled_product_into(const at::Tensor& out_TO, const E4m3Rows& x_TI, const E4m3Rows& w_OI,
                         const at::Tensor& bias_O);

/// Empty when `device` multiplies E4M3, else what it is and what it would have to be.
std::string why_no_scaled_product(const at::Device& device);

}  // namespace longtake
