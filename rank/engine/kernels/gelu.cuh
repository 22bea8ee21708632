#pragma once

#include <type_traits>

namespace longtake::gpu {

/// The approximation of GELU by tanh, for a result that is stored as a Number: x / (1 + exp(-2 u)) is
/// x (1 + tanh u) / 2.
template <class Number>
__device__ float gelu(float x) {
  constexpr float kMinusTwiceRoot = -1.5957691216057308F;  // -2 sqrt(2 / pi)
  constexpr float kCubic = 0.044715F;
  const float power = (x + x * x * x * kCubic) * kMinusTwiceRoot;
  if constexpr (std::is_same_v<Number, float>) {
    return x / (1 + expf(power));
  } else {
    return __fdividef(x, 1 + __expf(power));  // errs by units of float32's last place: nothing in halves
  }
}

}  // namespace longtake::gpu
