#include "rank/hardware.h"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "rank/processors.h"
#include "rank/visible_gpus.h"

namespace longtake {
namespace {

/// The few NVML functions we ask, by their documented ABI (NVML API Reference): all return 0 for
/// success. Declared here so that nothing needs the CUDA headers or library to build and to run.
struct Nvml {
  struct Device;  // opaque
  struct Memory {
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
  };
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*by_index)(unsigned, Device**) = nullptr;
  int (*name)(Device*, char*, unsigned) = nullptr;
  int (*uuid)(Device*, char*, unsigned) = nullptr;
  int (*memory)(Device*, Memory*) = nullptr;
};

struct CloseLibrary {
  void operator()(void* library) const { ::dlclose(library); }
};
using Library = std::unique_ptr<void, CloseLibrary>;

template <class Function>
bool find(const Library& library, const char* symbol, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library.get(), symbol));
  return function != nullptr;
}

bool find_all(const Library& library, Nvml& nvml) {
  return find(library, "nvmlInit_v2", nvml.init) && find(library, "nvmlShutdown", nvml.shutdown) &&
         find(library, "nvmlDeviceGetCount_v2", nvml.count) &&
         find(library, "nvmlDeviceGetHandleByIndex_v2", nvml.by_index) &&
         find(library, "nvmlDeviceGetName", nvml.name) && find(library, "nvmlDeviceGetUUID", nvml.uuid) &&
         find(library, "nvmlDeviceGetMemoryInfo", nvml.memory);
}

struct HostGpu {
  Gpu gpu;
  std::string uuid;
};

HostGpu describe(const Nvml& nvml, unsigned index) {
  HostGpu found;
  Nvml::Device* device = nullptr;
  if (nvml.by_index(index, &device) != 0) return found;  // keeps its place, so that indices stay true
  std::array<char, 96> text{};
  if (nvml.name(device, text.data(), text.size()) == 0) found.gpu.name = text.data();
  if (nvml.uuid(device, text.data(), text.size()) == 0) found.uuid = text.data();
  Nvml::Memory memory{};
  if (nvml.memory(device, &memory) == 0) found.gpu.memory_bytes = static_cast<std::int64_t>(memory.total);
  return found;
}

std::vector<HostGpu> gpus_of_host() {
  const Library library(::dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL));
  Nvml nvml;
  if (!library || !find_all(library, nvml) || nvml.init() != 0) return {};
  unsigned count = 0;
  std::vector<HostGpu> gpus;
  if (nvml.count(&count) == 0) {
    for (unsigned index = 0; index < count; ++index) gpus.push_back(describe(nvml, index));
  }
  nvml.shutdown();
  return gpus;
}

std::vector<Gpu> gpus_of_process() {
  const std::vector<HostGpu> all = gpus_of_host();
  std::vector<std::string> uuids;
  for (const HostGpu& found : all) uuids.push_back(found.uuid);
  const char* variable = std::getenv("CUDA_VISIBLE_DEVICES");
  std::vector<Gpu> visible;
  for (const int index :
       visible_gpus(variable != nullptr ? std::optional<std::string>(variable) : std::nullopt, uuids)) {
    visible.push_back(all[static_cast<std::size_t>(index)].gpu);
  }
  return visible;
}

std::string host_name() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

RankHardware probe_hardware() {
  RankHardware hardware;
  hardware.host = host_name();
  hardware.pid = ::getpid();
  hardware.cpu_slots = usable_processors();
  hardware.gpus = gpus_of_process();
  return hardware;
}

}  // namespace longtake
