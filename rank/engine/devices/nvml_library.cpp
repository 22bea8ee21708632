#include "rank/engine/devices/nvml_library.h"

#include <algorithm>
#include <vector>

namespace longtake {
namespace {

// nvml.h: NVML_ERROR_INSUFFICIENT_SIZE, NVML_VALUE_NOT_AVAILABLE.
constexpr int kNotRoomEnough = 7;
constexpr unsigned long long kNotTold = ~0ULL;

}  // namespace

/// nvmlMemory_t.
struct NvmlLibrary::Memory {
  unsigned long long total = 0;
  unsigned long long free = 0;
  unsigned long long used = 0;
};

/// nvmlProcessInfo_t as of nvmlDeviceGetComputeRunningProcesses_v3.
struct NvmlLibrary::Process {
  unsigned number = 0;
  unsigned long long used = 0;
  unsigned gpu_instance = 0;
  unsigned compute_instance = 0;
};

NvmlLibrary::NvmlLibrary(const std::string& library) : library_(library) {
  library_.find("nvmlErrorString", error_text_);
  library_.find("nvmlInit_v2", init_);
  library_.find("nvmlShutdown", shut_down_);
  library_.find("nvmlDeviceGetHandleByPciBusId_v2", device_);
  library_.find("nvmlDeviceGetMemoryInfo", memory_);
  library_.find("nvmlDeviceGetComputeRunningProcesses_v3", processes_);
  check(init_(), "start");
}

NvmlLibrary::~NvmlLibrary() { shut_down_(); }

void NvmlLibrary::check(int code, const std::string& doing) const {
  if (code != 0) throw Error(ErrorKind::DeviceLost, "NVML cannot " + doing + ": " + error_text_(code));
}

NvmlDevice* NvmlLibrary::device(const std::string& pci_address) const {
  NvmlDevice* device = nullptr;
  check(device_(pci_address.c_str(), &device), "find the device at " + pci_address);
  return device;
}

std::int64_t NvmlLibrary::used_bytes(NvmlDevice* device) const {
  Memory memory;
  check(memory_(device, &memory), "tell the memory of a device");
  return static_cast<std::int64_t>(memory.used);
}

std::optional<std::int64_t> NvmlLibrary::process_bytes(NvmlDevice* device, int process) const {
  constexpr std::size_t kMostProcesses = 1 << 16;
  std::vector<Process> processes(64);
  unsigned count = 0;
  int code = kNotRoomEnough;
  while (code == kNotRoomEnough && processes.size() <= kMostProcesses) {
    processes.resize(processes.size() * 2);
    count = static_cast<unsigned>(processes.size());
    code = processes_(device, &count, processes.data());
  }
  check(code, "tell the processes of a device");
  processes.resize(count);
  const auto found = std::find_if(processes.begin(), processes.end(), [&](const Process& each) {
    return each.number == static_cast<unsigned>(process);
  });
  if (found == processes.end() || found->used == kNotTold) return std::nullopt;
  return static_cast<std::int64_t>(found->used);
}

}  // namespace longtake
