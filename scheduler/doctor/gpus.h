#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/doctor/finding.h"
#include "scheduler/planner/profile.h"

namespace longtake {

/// A process that holds memory of a GPU.
struct GpuProcess {
  int pid = 0;
  std::string program;
  std::int64_t bytes = 0;
};

struct GpuState {
  std::string uuid;
  std::string name;
  std::int64_t memory_bytes = 0;
  std::int64_t used_bytes = 0;
  bool is_persistent = false;          ///< the driver stays loaded while nobody uses the GPU
  std::vector<std::string> slowed_by;  ///< "heat", ...: why its clocks are below what was asked
  std::vector<GpuProcess> processes;
};

/// What the driver's nvidia-smi says of this host.
struct GpuFacts {
  bool has_tool = false;                ///< nvidia-smi is there
  std::string failure;                  ///< its words when it is there and fails
  std::string driver;                   ///< "550.54.15"
  std::string cuda;                     ///< newest CUDA that the driver runs: "12.4"; may be unknown
  std::vector<GpuState> host;           ///< all of this host, in PCI order
  std::optional<std::string> variable;  ///< CUDA_VISIBLE_DEVICES
  std::vector<int> visible;             ///< indices into `host`: what a CUDA program sees
};

/// Whether there is anything to say of GPUs: some are here, or the profile wants them.
bool concerns_gpus(const GpuFacts& facts, const Profile& profile);

Finding check_driver(const GpuFacts& facts, const Profile& profile);
/// Their number: of the host, of CUDA_VISIBLE_DEVICES, of the profile.
Finding check_gpus(const GpuFacts& facts, const Profile& profile);
/// Their size against the profile's.
Finding check_gpu_memory(const GpuFacts& facts, const Profile& profile);
/// What others hold of them.
Finding check_gpu_use(const GpuFacts& facts, const Profile& profile);
/// Persistence mode and clocks, which are read and never set.
Finding check_gpu_clocks(const GpuFacts& facts);

}  // namespace longtake
