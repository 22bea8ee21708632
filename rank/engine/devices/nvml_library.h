#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rank/engine/devices/loaded_library.h"

namespace longtake {

/// Opaque handle of NVML.
struct NvmlDevice;

/// NVIDIA's management library as far as the memory of a device goes, by the ABI of the NVML API Reference.
/// It comes with the driver and makes no CUDA context. Every function throws Error{DeviceLost} with its
/// words.
class NvmlLibrary {
 public:
  explicit NvmlLibrary(const std::string& library = "libnvidia-ml.so.1");
  NvmlLibrary(const NvmlLibrary&) = delete;
  NvmlLibrary& operator=(const NvmlLibrary&) = delete;
  ~NvmlLibrary();

  /// By its PCI address, "00000000:1B:00.0": NVML counts devices otherwise than CUDA does.
  NvmlDevice* device(const std::string& pci_address) const;

  /// Of all processes and of the driver itself.
  std::int64_t used_bytes(NvmlDevice* device) const;

  /// What one process computes with there. nullopt when NVML does not name it: in a container it may know
  /// processes by other numbers, or not at all.
  std::optional<std::int64_t> process_bytes(NvmlDevice* device, int process) const;

 private:
  struct Memory;
  struct Process;

  void check(int code, const std::string& doing) const;

  LoadedLibrary library_;
  int (*init_)() = nullptr;
  int (*shut_down_)() = nullptr;
  int (*device_)(const char*, NvmlDevice**) = nullptr;
  int (*memory_)(NvmlDevice*, Memory*) = nullptr;
  int (*processes_)(NvmlDevice*, unsigned*, Process*) = nullptr;
  const char* (*error_text_)(int) = nullptr;
};

}  // namespace longtake
