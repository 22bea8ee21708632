#pragma once

#include <ATen/ATen.h>

/// When the GPU's side of this folder computes. Each NAME.h is a contract for any device; NAME.cpp meets it
/// with LibTorch's operations, plainly on a GPU and in tiles on a CPU; NAME.cu does the same on a GPU in one
/// pass over memory. Results agree up to the rounding of the last bit of the stored type.
namespace longtake {

#ifdef LONGTAKE_CUDA
inline constexpr bool kHasGpuKernels = true;
#else
inline constexpr bool kHasGpuKernels = false;
#endif

/// Whether all of these tensors can be read and written 16 bytes at a time by a kernel: on a GPU, in
/// float32, bfloat16 or float16 with the last dimension a multiple of eight, or in complex64 with one of
/// four; that in one piece, every row aligned. Undefined tensors do not count. Others are left to LibTorch's
/// operations.
bool suits_kernels(std::initializer_list<at::Tensor> tensors);

}  // namespace longtake
