// A CUDA driver for tests, as a shared library: two devices whose memory is the host's. Device 0 reaches
// device 1, not the other way round.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int kDevices = 2;
constexpr int kInvalidDevice = 101;
int contexts[kDevices];
bool has_context = false;

void* pointer_of(unsigned long long address) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(address));
}

}  // namespace

extern "C" {

int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* version) {
  *version = 12040;
  return 0;
}
int cuDeviceGetCount(int* count) {
  *count = kDevices;
  return 0;
}
int cuDeviceGet(int* handle, int device) {
  *handle = device;
  return device < kDevices ? 0 : kInvalidDevice;
}
int cuDeviceGetName(char* name, int size, int device) {
  std::snprintf(name, static_cast<std::size_t>(size), "Device %d", device);
  return 0;
}
int cuDeviceCanAccessPeer(int* can, int from, int to) {
  *can = from < to ? 1 : 0;
  return 0;
}
int cuDevicePrimaryCtxRetain(void** context, int device) {
  *context = &contexts[device];
  return 0;
}
int cuCtxSetCurrent(void* context) {
  has_context = context != nullptr;
  return 0;
}
// The sum of what is allocated needs a context, as with the real one.
int cuMemAlloc_v2(unsigned long long* address, std::size_t bytes) {
  if (!has_context) return 201;
  *address = static_cast<unsigned long long>(reinterpret_cast<std::uintptr_t>(std::calloc(bytes, 1)));
  return 0;
}
int cuMemFree_v2(unsigned long long address) {
  std::free(pointer_of(address));
  return 0;
}
int cuMemcpyHtoD_v2(unsigned long long to, const void* from, std::size_t bytes) {
  std::memcpy(pointer_of(to), from, bytes);
  return 0;
}
int cuMemcpyDtoH_v2(void* to, unsigned long long from, std::size_t bytes) {
  std::memcpy(to, pointer_of(from), bytes);
  return 0;
}
int cuStreamCreate(void** stream, unsigned) {
  *stream = nullptr;
  return 0;
}
int cuStreamSynchronize(void*) { return 0; }
int cuGetErrorString(int code, const char** words) {
  *words = code == kInvalidDevice ? "invalid device ordinal" : "invalid device context";
  return 0;
}
}
