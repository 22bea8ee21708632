#pragma once

#include <algorithm>

#include "jobs/device_kind.h"
#include "jobs/messages.h"
#include "scheduler/cli/options.h"

namespace longtake {

/// How many ranks this host has room for: one per GPU, or per processor where no GPU is needed or there.
inline int slots_for(const CliOptions& options, DeviceKind device, const RankHardware& here) {
  const bool needs_gpus = device == DeviceKind::Gpu && !here.gpus.empty() && options.engine != "slate";
  return needs_gpus ? static_cast<int>(here.gpus.size()) : std::max(1, here.cpu_slots);
}

}  // namespace longtake
