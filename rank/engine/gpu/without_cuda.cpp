#include "jobs/error.h"
#include "rank/engine/gpu/device_failure.h"
#include "rank/engine/gpu/device_name.h"
#include "rank/engine/gpu/memory_cap.h"

/// Every function of this folder in a build without LONGTAKE_CUDA: there are no devices.
namespace longtake {
namespace {

[[noreturn]] void refuse(const std::string& doing) {
  throw Error(ErrorKind::DeviceLost, doing + ": this engine is built without CUDA (cmake --preset cuda)");
}

}  // namespace

int cuda_device_count() { return 0; }

std::string cuda_device_name(int device) {
  refuse("asking for the name of CUDA device " + std::to_string(device));
}

std::string cuda_device_address(int device) {
  refuse("asking for the address of CUDA device " + std::to_string(device));
}

void cap_allocator(c10::Device device, std::int64_t bytes) {
  if (!device.is_cpu()) refuse("limiting the memory to " + std::to_string(bytes) + " bytes");
}

void use_growing_memory() {}

bool can_compute(c10::Device device) { return device.is_cpu(); }

}  // namespace longtake
