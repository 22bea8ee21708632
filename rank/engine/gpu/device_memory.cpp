#include "rank/engine/gpu/device_memory.h"

#include "rank/engine/torch_compat.h"

#if LONGTAKE_TORCH_AT_LEAST(2, 9)
#include <ATen/Context.h>
#include <c10/core/CachingDeviceAllocator.h>
#endif

namespace longtake {

#if LONGTAKE_TORCH_AT_LEAST(2, 9)

namespace {

/// It knows its devices only once LibTorch has looked for them.
c10::DeviceAllocator* allocator_of(c10::Device device) {
  at::globalContext().lazyInitDevice(device.type());
  return c10::getDeviceAllocator(device.type());
}

}  // namespace

std::optional<DeviceMemory> device_memory(c10::Device device) {
  if (device.is_cpu()) return std::nullopt;
  constexpr std::size_t kAll = 0;  // the first of an allocator's statistics is about all its pools
  const auto stats = allocator_of(device)->getDeviceStats(device.index());
  return DeviceMemory{stats.allocated_bytes[kAll].current, stats.allocated_bytes[kAll].peak,
                      stats.reserved_bytes[kAll].current, stats.reserved_bytes[kAll].peak};
}

std::optional<DriverMemory> driver_memory(c10::Device device) {
  if (device.is_cpu()) return std::nullopt;
  const auto [free_bytes, all_bytes] = allocator_of(device)->getMemoryInfo(device.index());
  return DriverMemory{static_cast<std::int64_t>(all_bytes), static_cast<std::int64_t>(free_bytes)};
}

void forget_device_peak(c10::Device device) {
  if (!device.is_cpu()) allocator_of(device)->resetPeakStats(device.index());
}

void empty_device_cache(c10::Device device) {
  if (!device.is_cpu()) allocator_of(device)->emptyCache();
}

#else

std::optional<DeviceMemory> device_memory(c10::Device) { return std::nullopt; }
std::optional<DriverMemory> driver_memory(c10::Device) { return std::nullopt; }
void forget_device_peak(c10::Device) {}
void empty_device_cache(c10::Device) {}

#endif

}  // namespace longtake
