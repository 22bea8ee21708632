#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rank/engine/devices/loaded_library.h"

namespace longtake {

/// Opaque handles of the CUDA driver API.
struct CudaContext;
struct CudaStream;
using CudaAddress = unsigned long long;

/// The CUDA driver as far as a look at the devices and a trial of NCCL need it, by the ABI of the CUDA Driver
/// API Reference; declared here so that builds without CUDA can look too. Devices count as CUDA counts them:
/// from 0, those of CUDA_VISIBLE_DEVICES. Every function throws Error{DeviceLost} with the driver's words.
class CudaDriver {
 public:
  /// Throws Error{DeviceLost} when there is no driver or it shows no device.
  explicit CudaDriver(const std::string& library = "libcuda.so.1");

  /// The newest CUDA that it runs: "12.4".
  std::string version() const;
  int count() const;
  std::string name(int device) const;
  /// Whether kernels on `from` can reach the memory of `to`.
  bool has_access(int from, int to) const;

  /// The context that CUDA's runtime, and with it NCCL, uses on this device; current for this thread from now
  /// on. It stays until the process ends.
  void use(int device) const;

  // On the device that is in use.
  CudaAddress allocate(std::size_t bytes) const;
  void free(CudaAddress address) const;
  void write(CudaAddress to, const std::vector<float>& from) const;
  std::vector<float> read(CudaAddress from, std::size_t count) const;
  CudaStream* make_stream() const;
  void wait_for(CudaStream* stream) const;

 private:
  void check(int code, const std::string& doing) const;
  int handle_of(int device) const;

  LoadedLibrary library_;
  int (*init_)(unsigned) = nullptr;
  int (*driver_version_)(int*) = nullptr;
  int (*device_count_)(int*) = nullptr;
  int (*device_)(int*, int) = nullptr;
  int (*device_name_)(char*, int, int) = nullptr;
  int (*can_access_)(int*, int, int) = nullptr;
  int (*retain_context_)(CudaContext**, int) = nullptr;
  int (*set_context_)(CudaContext*) = nullptr;
  int (*allocate_)(CudaAddress*, std::size_t) = nullptr;
  int (*free_)(CudaAddress) = nullptr;
  int (*copy_in_)(CudaAddress, const void*, std::size_t) = nullptr;
  int (*copy_out_)(void*, CudaAddress, std::size_t) = nullptr;
  int (*make_stream_)(CudaStream**, unsigned) = nullptr;
  int (*wait_)(CudaStream*) = nullptr;
  int (*error_text_)(int, const char**) = nullptr;
};

}  // namespace longtake
