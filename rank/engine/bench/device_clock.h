#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace longtake {

/// Until all that was asked of the device is done; at once on a CPU.
void wait_for(c10::Device device);

/// Of a clock that only goes forward.
std::int64_t now_ns();

}  // namespace longtake
