#pragma once

#include "jobs/messages.h"

namespace longtake {

/// What this process has on its host: host name, pid, processors it may use, GPUs it may see. `rank`
/// and `local_index` are MPI's to say and are left at "none" and 0.
/// GPUs come from NVML, which is loaded if it is there: none without a driver. They are in PCI order,
/// which is CUDA's order too where all GPUs of a host are alike.
RankHardware probe_hardware();

}  // namespace longtake
