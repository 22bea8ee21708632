#include "rank/engine/devices/cuda_driver.h"

#include <array>

namespace longtake {

CudaDriver::CudaDriver(const std::string& library) : library_(library) {
  library_.find("cuGetErrorString", error_text_);
  library_.find("cuInit", init_);
  library_.find("cuDriverGetVersion", driver_version_);
  library_.find("cuDeviceGetCount", device_count_);
  library_.find("cuDeviceGet", device_);
  library_.find("cuDeviceGetName", device_name_);
  library_.find("cuDeviceCanAccessPeer", can_access_);
  library_.find("cuDevicePrimaryCtxRetain", retain_context_);
  library_.find("cuCtxSetCurrent", set_context_);
  // The names without _v2 are those of CUDA 3, with addresses of 32 bits.
  library_.find("cuMemAlloc_v2", allocate_);
  library_.find("cuMemFree_v2", free_);
  library_.find("cuMemcpyHtoD_v2", copy_in_);
  library_.find("cuMemcpyDtoH_v2", copy_out_);
  library_.find("cuStreamCreate", make_stream_);
  library_.find("cuStreamSynchronize", wait_);
  check(init_(0), "start the CUDA driver");
}

void CudaDriver::check(int code, const std::string& doing) const {
  if (code == 0) return;
  const char* words = nullptr;
  if (error_text_(code, &words) != 0 || words == nullptr) words = "an error unknown to the driver";
  throw Error(ErrorKind::DeviceLost,
              "cannot " + doing + ": " + words + " (CUDA error " + std::to_string(code) + ")");
}

int CudaDriver::handle_of(int device) const {
  int handle = 0;
  check(device_(&handle, device), "find CUDA device " + std::to_string(device));
  return handle;
}

std::string CudaDriver::version() const {
  int version = 0;
  check(driver_version_(&version), "ask for the version of the CUDA driver");
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

int CudaDriver::count() const {
  int count = 0;
  check(device_count_(&count), "count the CUDA devices");
  return count;
}

std::string CudaDriver::name(int device) const {
  std::array<char, 256> name{};
  check(device_name_(name.data(), static_cast<int>(name.size()), handle_of(device)),
        "name CUDA device " + std::to_string(device));
  return name.data();
}

bool CudaDriver::has_access(int from, int to) const {
  int can = 0;
  check(can_access_(&can, handle_of(from), handle_of(to)),
        "ask whether CUDA device " + std::to_string(from) + " reaches " + std::to_string(to));
  return can != 0;
}

void CudaDriver::use(int device) const {
  CudaContext* context = nullptr;
  check(retain_context_(&context, handle_of(device)), "use CUDA device " + std::to_string(device));
  check(set_context_(context), "use CUDA device " + std::to_string(device));
}

CudaAddress CudaDriver::allocate(std::size_t bytes) const {
  CudaAddress address = 0;
  check(allocate_(&address, bytes), "allocate " + std::to_string(bytes) + " bytes of a CUDA device");
  return address;
}

void CudaDriver::free(CudaAddress address) const { check(free_(address), "free memory of a CUDA device"); }

void CudaDriver::write(CudaAddress to, const std::vector<float>& from) const {
  check(copy_in_(to, from.data(), from.size() * sizeof(float)), "copy to a CUDA device");
}

std::vector<float> CudaDriver::read(CudaAddress from, std::size_t count) const {
  std::vector<float> values(count);
  check(copy_out_(values.data(), from, count * sizeof(float)), "copy from a CUDA device");
  return values;
}

CudaStream* CudaDriver::make_stream() const {
  CudaStream* stream = nullptr;
  check(make_stream_(&stream, 0), "make a CUDA stream");
  return stream;
}

void CudaDriver::wait_for(CudaStream* stream) const { check(wait_(stream), "wait for a CUDA stream"); }

}  // namespace longtake
