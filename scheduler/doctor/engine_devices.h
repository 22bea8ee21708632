#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler/doctor/finding.h"
#include "scheduler/doctor/gpus.h"
#include "scheduler/planner/profile.h"

namespace longtake {

/// What `longtake-engine devices` says; see rank/engine/devices/device_report.h for its words.
struct EngineFacts {
  bool is_installed = false;
  std::string failure;                        ///< why it gave no report; empty when it did
  std::string libtorch;                       ///< "1.13.0"
  std::string libtorch_cuda;                  ///< the CUDA it was built with, "12.4"; empty: none
  int libtorch_devices = 0;                   ///< CUDA devices that it can use
  std::string driver_failure;                 ///< why the CUDA driver shows no device; empty when it does
  std::string driver_cuda;                    ///< newest CUDA of the driver, "12.4"
  std::vector<std::string> devices;           ///< names, in CUDA's order
  std::vector<std::vector<bool>> has_access;  ///< [from][to]: from's kernels reach to's memory
  std::string nccl;                           ///< version, "2.21.5"; empty: no library
  std::string nccl_failure;                   ///< why there is none
};

/// The report as JSON text. What cannot be read becomes `failure`.
EngineFacts engine_facts_from(const std::string& report);

/// One try of all-reduce and send/receive over all devices.
struct NcclTrial {
  bool was_made = false;
  std::string failure;       ///< empty: both gave the right sums
  double all_reduce_ms = 0;  ///< of 32 MiB per device
  double send_receive_ms = 0;
};

NcclTrial nccl_trial_from(const std::string& report);

struct NcclTrials {
  NcclTrial plain;   ///< with the environment that a run would have
  NcclTrial modest;  ///< after a failure: without peer-to-peer and InfiniBand
};

Finding check_engine(const EngineFacts& engine, const GpuFacts& gpus, const Profile& profile);
Finding check_peer_access(const EngineFacts& engine, const Profile& profile);
Finding check_nccl(const EngineFacts& engine, const NcclTrials& trials);

}  // namespace longtake
