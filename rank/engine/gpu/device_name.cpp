#include "rank/engine/gpu/device_name.h"

#include <cuda_runtime_api.h>

#include <array>

#include "jobs/error.h"

namespace longtake {
namespace {

void check(cudaError_t code, const std::string& doing) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // CUDA keeps it otherwise, and LibTorch's next call on a device that works reports it
  throw Error(ErrorKind::DeviceLost, doing + ": " + cudaGetErrorString(code));
}

}  // namespace

int cuda_device_count() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess ? count : 0;
}

std::string cuda_device_name(int device) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, device),
        "asking for the name of CUDA device " + std::to_string(device));
  return properties.name;
}

std::string cuda_device_address(int device) {
  std::array<char, 32> address{};
  check(cudaDeviceGetPCIBusId(address.data(), static_cast<int>(address.size()), device),
        "asking for the address of CUDA device " + std::to_string(device));
  return address.data();
}

}  // namespace longtake
