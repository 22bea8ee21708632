#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace longtake {

/// What LibTorch's allocator may take of a device when the whole process may take `process_bytes` (0: all of
/// it). What it does not count has to fit beside it: the CUDA context, and NCCL in a group of several.
std::int64_t allocator_share(std::int64_t process_bytes, bool is_in_group);

/// From now on LibTorch's allocator takes no more than this; who asks for more gets out of memory, as on a
/// smaller card; what it keeps beyond that for later goes back to the device. 0, or more than the device has:
/// no limit. Does nothing on a CPU. Throws Error{DeviceLost} in a build without CUDA.
void cap_allocator(c10::Device device, std::int64_t bytes);

/// Before the first tensor on a device: memory grows in place instead of in blocks that leave gaps when
/// tensors of other sizes come. What the environment says (PYTORCH_CUDA_ALLOC_CONF) comes first.
void use_growing_memory();

}  // namespace longtake
