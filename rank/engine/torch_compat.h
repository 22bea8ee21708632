#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <torch/version.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "storage/safetensors.h"

#define LONGTAKE_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

#if LONGTAKE_TORCH_AT_LEAST(2, 9)
#include <c10/core/CachingDeviceAllocator.h>
#endif

/// What differs between the LibTorch versions that this builds with (Debian's 1.13 and 2.x), and nothing
/// else.
namespace longtake {

/// The tensor library's type for a type of a file; nullopt when this LibTorch has none (fp8 before 2.1).
inline std::optional<c10::ScalarType> scalar_type_of(TensorType type) {
  switch (type) {
    case TensorType::Bool:
      return c10::ScalarType::Bool;
    case TensorType::U8:
      return c10::ScalarType::Byte;
    case TensorType::I8:
      return c10::ScalarType::Char;
    case TensorType::I16:
      return c10::ScalarType::Short;
    case TensorType::I32:
      return c10::ScalarType::Int;
    case TensorType::I64:
      return c10::ScalarType::Long;
    case TensorType::F16:
      return c10::ScalarType::Half;
    case TensorType::BF16:
      return c10::ScalarType::BFloat16;
    case TensorType::F32:
      return c10::ScalarType::Float;
    case TensorType::F64:
      return c10::ScalarType::Double;
#if LONGTAKE_TORCH_AT_LEAST(2, 1)
    case TensorType::F8_E4M3:
      return c10::ScalarType::Float8_e4m3fn;
    case TensorType::F8_E5M2:
      return c10::ScalarType::Float8_e5m2;
#else
    case TensorType::F8_E4M3:
    case TensorType::F8_E5M2:
      return std::nullopt;
#endif
  }
  return std::nullopt;
}

/// How an allocator tells its totals to a MemoryReportingInfoBase.
#if LONGTAKE_TORCH_AT_LEAST(2, 0)
using AllocatorTotal = std::size_t;
#else
using AllocatorTotal = std::int64_t;
#endif

/// Of a device with memory of its own, in bytes.
struct DeviceMemory {
  std::int64_t peak_allocated = 0;  ///< the most in tensors
  std::int64_t peak_reserved = 0;   ///< the most that LibTorch took of the device
  std::int64_t used = 0;            ///< now, by everybody
};

/// Since forget_device_peak(). nullopt on a CPU, and before LibTorch 2.9, which cannot be asked without
/// CUDA's headers.
#if LONGTAKE_TORCH_AT_LEAST(2, 9)
inline std::optional<DeviceMemory> device_memory(c10::Device device) {
  if (device.is_cpu()) return std::nullopt;
  constexpr std::size_t kAll = 0;  // the first of an allocator's statistics is about all its pools
  c10::DeviceAllocator* allocator = c10::getDeviceAllocator(device.type());
  const auto stats = allocator->getDeviceStats(device.index());
  const auto [free_bytes, all_bytes] = allocator->getMemoryInfo(device.index());
  return DeviceMemory{stats.allocated_bytes[kAll].peak, stats.reserved_bytes[kAll].peak,
                      static_cast<std::int64_t>(all_bytes - free_bytes)};
}

inline void forget_device_peak(c10::Device device) {
  if (!device.is_cpu()) c10::getDeviceAllocator(device.type())->resetPeakStats(device.index());
}
#else
inline std::optional<DeviceMemory> device_memory(c10::Device) { return std::nullopt; }

inline void forget_device_peak(c10::Device) {}
#endif

}  // namespace longtake
