#pragma once

#include <cuda_fp8.h>

#include "rank/engine/e4m3.h"

/// How kernels round a row to E4M3 once they know its largest number: as e4m3_of() and quantize_rows() do.
namespace longtake::gpu {

/// Rounded as the twin's division, whatever the compiler's flags.
inline __device__ float inverse_scale(float largest) { return __fdiv_rn(kLargestE4m3, largest); }
inline __device__ float scale_for(float largest) { return __fdiv_rn(largest, kLargestE4m3); }

inline __device__ __nv_fp8x2_storage_t e4m3_pair_of(float first, float second) {
  return __nv_cvt_float2_to_fp8x2(float2{first, second}, __NV_SATFINITE, __NV_E4M3);
}

}  // namespace longtake::gpu
