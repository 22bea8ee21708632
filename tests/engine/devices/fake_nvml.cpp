// An NVML for tests, as a shared library: one device, at 0000:1B:00.0. LONGTAKE_FAKE_NVML says what is in use
// there, of the whole device and of the calling process; 0 of the latter: it is not named. A hundred other
// processes are there too.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kInvalidArgument = 2;
constexpr int kNotFound = 6;
constexpr int kNotRoomEnough = 7;
constexpr unsigned kOthers = 100;

struct Memory {
  unsigned long long total, free, used;
};
struct Process {
  unsigned number;
  unsigned long long used;
  unsigned gpu_instance, compute_instance;
};

int the_device;

struct InUse {
  unsigned long long device = 0, process = 0;
};

InUse in_use() {
  InUse bytes;
  if (const char* text = std::getenv("LONGTAKE_FAKE_NVML")) {
    std::sscanf(text, "%llu %llu", &bytes.device, &bytes.process);
  }
  return bytes;
}

}  // namespace

extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int code) { return code == kNotFound ? "Not Found" : "Invalid Argument"; }
int nvmlDeviceGetHandleByPciBusId_v2(const char* address, void** device) {
  *device = &the_device;
  return std::strcmp(address, "0000:1B:00.0") == 0 ? 0 : kNotFound;
}
int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
  if (device != &the_device) return kInvalidArgument;
  memory->used = in_use().device;
  return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, Process* processes) {
  if (device != &the_device) return kInvalidArgument;
  const unsigned long long own = in_use().process;
  const unsigned all = kOthers + (own > 0 ? 1 : 0), room = *count;
  *count = all;
  if (room < all) return kNotRoomEnough;
  const auto self = static_cast<unsigned>(::getpid());
  for (unsigned i = 0; i < kOthers; ++i) processes[i] = {self + 1 + i, 7000, ~0U, ~0U};
  if (own > 0) processes[kOthers] = {self, own, ~0U, ~0U};
  return 0;
}
}
