#include "rank/engine/devices/device_report.h"

#include <ATen/Context.h>
#include <torch/version.h>

#include <nlohmann/json.hpp>

#include "rank/engine/devices/nccl_trial.h"

namespace longtake {
namespace {

std::string cuda_of_libtorch() {
  if (!at::Context::hasCUDART()) return "";
  const long version = at::Context::versionCUDART();
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

int devices_of_libtorch() {
  return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().getNumGPUs()) : 0;
}

void add_devices(const CudaDriver& cuda, nlohmann::json& report) {
  report["driver_cuda"] = cuda.version();
  const int count = cuda.count();
  for (int from = 0; from < count; ++from) {
    report["devices"].push_back(cuda.name(from));
    std::vector<bool> row;
    for (int to = 0; to < count; ++to) row.push_back(from == to || cuda.has_access(from, to));
    report["has_access"].push_back(row);
  }
}

}  // namespace

nlohmann::json device_report(const std::string& cuda_library, const std::string& nccl_library) {
  nlohmann::json report = {{"libtorch", TORCH_VERSION},
                           {"libtorch_cuda", cuda_of_libtorch()},
                           {"libtorch_devices", devices_of_libtorch()},
                           {"driver_cuda", ""},
                           {"driver_failure", ""},
                           {"devices", nlohmann::json::array()},
                           {"has_access", nlohmann::json::array()},
                           {"nccl", ""},
                           {"nccl_failure", ""}};
  try {
    add_devices(CudaDriver(cuda_library), report);
  } catch (const Error& e) {
    report["driver_failure"] = e.what();
  }
  try {
    report["nccl"] = NcclLibrary(nccl_library).version();
  } catch (const Error& e) {
    report["nccl_failure"] = e.what();
  }
  return report;
}

nlohmann::json nccl_trial_report(const std::string& cuda_library, const std::string& nccl_library) {
  try {
    const NcclTimes times = try_nccl(CudaDriver(cuda_library), NcclLibrary(nccl_library));
    return {
        {"failure", ""}, {"all_reduce_ms", times.all_reduce_ms}, {"send_receive_ms", times.send_receive_ms}};
  } catch (const Error& e) {
    return {{"failure", e.what()}};
  }
}

}  // namespace longtake
