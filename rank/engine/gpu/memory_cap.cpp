#include "rank/engine/gpu/memory_cap.h"

#include <ATen/Context.h>
#include <c10/cuda/CUDAAllocatorConfig.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdlib>

#include "jobs/error.h"
#include "rank/engine/gpu/device_memory.h"

namespace longtake {
namespace {

std::size_t total_bytes(int device) {
  cudaDeviceProp properties{};
  const cudaError_t code = cudaGetDeviceProperties(&properties, device);
  if (code == cudaSuccess) return properties.totalGlobalMem;
  throw Error(ErrorKind::DeviceLost, "asking for the memory of CUDA device " + std::to_string(device) + ": " +
                                         cudaGetErrorString(code));
}

}  // namespace

void cap_allocator(c10::Device device, std::int64_t bytes) {
  if (device.is_cpu()) return;
  const auto total = static_cast<double>(total_bytes(device.index()));
  const double share = bytes > 0 ? std::min(1.0, static_cast<double>(bytes) / total) : 1.0;
  at::globalContext().lazyInitDevice(device.type());  // the allocator knows its devices only then
  c10::cuda::CUDACachingAllocator::setMemoryFraction(share, device.index());
  // What it keeps for later it would hand out without asking whether that is allowed.
  if (bytes > 0 && device_memory(device)->reserved > bytes) empty_device_cache(device);
}

void use_growing_memory() {
  for (const char* name : {"PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ALLOC_CONF"}) {
    if (std::getenv(name) != nullptr) return;
  }
  c10::cuda::CUDACachingAllocator::setAllocatorSettings("expandable_segments:True");
}

}  // namespace longtake
