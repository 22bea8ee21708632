#pragma once

#include "scheduler/planner/profile.h"

namespace longtake {

/// A node of `gpus` GPUs of 80 GB, as configs/profiles has them.
inline Profile gpu_profile(int gpus) {
  Profile profile;
  profile.name = std::to_string(gpus) + "x80gb";
  profile.device = DeviceKind::Gpu;
  profile.gpus_per_node = gpus;
  profile.memory_bytes = 85520809984;
  profile.usable_bytes = 84825604096;
  profile.reserve_bytes = 2147483648;
  profile.host_bytes_per_slot = 2147483648;
  profile.link = Link::Nvlink;
  return profile;
}

inline Profile cpu_profile() {
  Profile profile;
  profile.name = "cpu";
  profile.device = DeviceKind::Cpu;
  profile.host_bytes_per_slot = 2147483648;
  return profile;
}

}  // namespace longtake
