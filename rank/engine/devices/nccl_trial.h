#pragma once

#include "rank/engine/devices/cuda_driver.h"
#include "rank/engine/devices/nccl_library.h"

namespace longtake {

/// Milliseconds of the second try of each; the first one sets connections up.
struct NcclTimes {
  double all_reduce_ms = 0;
  double send_receive_ms = 0;
};

/// Adds up 32 MiB of every device on all of them, then passes it around in a ring, and looks at every number
/// that arrives. Throws Error{DeviceLost} when something cannot be done or a number is wrong. May hang for
/// ever where devices do not reach each other: for a process of its own.
NcclTimes try_nccl(const CudaDriver& cuda, const NcclLibrary& nccl);

}  // namespace longtake
