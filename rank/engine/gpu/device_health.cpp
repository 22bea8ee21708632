#include <cuda_runtime_api.h>

#include "rank/engine/gpu/device_failure.h"

namespace longtake {

bool can_compute(c10::Device device) {
  if (device.is_cpu()) return true;
  return cudaSetDevice(device.index()) == cudaSuccess && cudaDeviceSynchronize() == cudaSuccess;
}

}  // namespace longtake
