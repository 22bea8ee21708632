#include "rank/engine/gpu/device_name.h"

#include <cuda_runtime_api.h>

#include "jobs/error.h"

namespace longtake {

int cuda_device_count() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::string cuda_device_name(int device) {
  cudaDeviceProp properties{};
  const cudaError_t code = cudaGetDeviceProperties(&properties, device);
  if (code != cudaSuccess) {
    throw Error(ErrorKind::DeviceLost, "asking for the name of CUDA device " + std::to_string(device) + ": " +
                                           cudaGetErrorString(code));
  }
  return properties.name;
}

}  // namespace longtake
