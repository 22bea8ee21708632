#pragma once

#include <string>

namespace longtake {

/// CUDA devices that this process can use; 0 without a driver, and in a build without CUDA.
int cuda_device_count();

/// What the driver calls a device, e.g. "NVIDIA H200". Devices count from 0, as CUDA_VISIBLE_DEVICES lists
/// them. Throws Error{DeviceLost} when there is no such device.
std::string cuda_device_name(int device);

/// Where it is, "0000:1B:00.0", for NVML, which counts devices in another order. Throws likewise.
std::string cuda_device_address(int device);

}  // namespace longtake
