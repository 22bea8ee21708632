#pragma once

#include <cstdint>

/// What a process takes of a GPU beside its tensors: planned for, and deducted from what its tensors may take.
namespace longtake {

/// The CUDA context with the kernels of LibTorch and cuDNN.
inline constexpr std::int64_t kCudaContext_bytes = 900'000'000;
/// NCCL's channels and its kernels' memory, for a handful of peers.
inline constexpr std::int64_t kNccl_bytes = 300'000'000;

}  // namespace longtake
