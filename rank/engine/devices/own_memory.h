#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rank/engine/devices/nvml_library.h"

namespace longtake {

/// What this process has of one device, whoever else computes there. Belongs to one thread; throws nothing of
/// NVML's.
class OwnMemory {
 public:
  /// Before this process uses the device: what is in use by then belongs to others. `pci_address` as of
  /// cuda_device_address().
  explicit OwnMemory(const std::string& pci_address, const std::string& library = "libnvidia-ml.so.1");

  /// What it has there beside the `tensors` bytes that LibTorch holds now: the CUDA context with its kernels,
  /// and NCCL. As NVML counts this process; where it does not name it, what came into use since the
  /// beginning, less the tensors: other programs that came meanwhile are then in it, those before never.
  /// nullopt where nobody tells.
  std::optional<std::int64_t> beside(std::int64_t tensors) const;

 private:
  std::optional<NvmlLibrary> nvml_;
  NvmlDevice* device_ = nullptr;
  std::int64_t used_before_ = 0;
};

}  // namespace longtake
