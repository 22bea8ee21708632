#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "jobs/device_kind.h"

/// What an engine may compute on. Its rank knows the profile and says so in the environment of the process
/// that it starts: a GPU that is merely there is not used.
namespace longtake {

inline constexpr const char* kEngineDeviceVariable = "LONGTAKE_ENGINE_DEVICE";        ///< "cpu", "gpu"
inline constexpr const char* kEngineMemoryVariable = "LONGTAKE_ENGINE_MEMORY_BYTES";  ///< of the GPU

struct EngineDevice {
  DeviceKind kind = DeviceKind::Cpu;
  /// The most that the process may take of its GPU, the CUDA context included; 0: all that is there.
  std::int64_t memory_bytes = 0;
};

/// The variables that say so.
std::map<std::string, std::string> variables_for(const EngineDevice& device);

/// Their inverse; values as getenv() gives them. Without the first the engine computes on the CPU. Throws
/// Error{InvalidInput} naming the variable for any other value.
EngineDevice engine_device_from(const char* device, const char* memory_bytes);

}  // namespace longtake
