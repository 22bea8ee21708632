#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>

namespace longtake {

/// Memory of a device that has its own, in bytes. Peaks since forget_device_peak().
struct DeviceMemory {
  std::int64_t allocated = 0;  ///< in tensors, now
  std::int64_t peak_allocated = 0;
  std::int64_t reserved = 0;  ///< what LibTorch's allocator holds of the device for tensors, now
  std::int64_t peak_reserved = 0;
};

/// What the driver says of a device, now.
struct DriverMemory {
  std::int64_t total = 0;
  std::int64_t free = 0;

  std::int64_t used() const { return total - free; }
};

/// nullopt on a CPU, and before LibTorch 2.9, which cannot be asked without CUDA's headers. Asks no device:
/// cheap, and also right while CUDA is broken.
std::optional<DeviceMemory> device_memory(c10::Device device);

/// Likewise nullopt. Counts all processes on the device. Throws c10::Error when CUDA is broken.
std::optional<DriverMemory> driver_memory(c10::Device device);

void forget_device_peak(c10::Device device);

/// Gives back to the device what the allocator keeps for later.
void empty_device_cache(c10::Device device);

}  // namespace longtake
