#pragma once

#include <cstdint>

/// What LibTorch computes with one thread and half of a processor's width, in float32 on a CPU, sixteen
/// numbers at a time. The same bits on all processors of this kind: nothing is fused or reordered.
namespace longtake {

/// The largest of `count` numbers, at least one.
float largest_of(const float* x, std::int64_t count);

/// x = exp(x - largest), in place; returns the sum. `largest` is at least all of them. To 2 units of the
/// last place; what is smaller than exp(-87) becomes that.
float exponentials_of(float* x, std::int64_t count, float largest);

/// The approximation of GELU by tanh, in place.
void gelu_of(float* x, std::int64_t count);

/// Each row of `width` numbers scaled to length 1, times `gain` [width], and SiLU of that. `out` is not `x`.
void normed_silu_of(float* out, const float* x, const float* gain, std::int64_t rows, std::int64_t width);

}  // namespace longtake
