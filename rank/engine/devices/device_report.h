#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace longtake {

/// What an engine on this machine would compute with, as a JSON object:
///   libtorch          version, "1.13.0"
///   libtorch_cuda     the CUDA it was built with, "" for none
///   libtorch_devices  CUDA devices that it can use
///   driver_cuda       newest CUDA of the driver, "" without one
///   driver_failure    why there is no device, "" when there is
///   devices           names, in CUDA's order
///   has_access        [from][to]: whether kernels of `from` reach the memory of `to`
///   nccl              version, "" without the library
///   nccl_failure      why there is none
/// Throws nothing. Names of libraries are arguments for tests.
nlohmann::json device_report(const std::string& cuda_library = "libcuda.so.1",
                             const std::string& nccl_library = "libnccl.so.2");

/// One trial of NCCL: {"failure": "" or why, "all_reduce_ms": ..., "send_receive_ms": ...}.
nlohmann::json nccl_trial_report(const std::string& cuda_library = "libcuda.so.1",
                                 const std::string& nccl_library = "libnccl.so.2");

}  // namespace longtake
