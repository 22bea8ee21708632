#pragma once

namespace longtake {

/// What an engine computes on.
enum class DeviceKind { Cpu, Gpu };

}  // namespace longtake
