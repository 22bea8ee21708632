#pragma once

#include <c10/core/Device.h>

#include <string>
#include <string_view>

#include "jobs/error.h"

namespace c10 {
class Error;
}

namespace longtake {

/// The kind of a failure that LibTorch threw. Its exception types differ between versions, its words do not.
ErrorKind kind_of(const c10::Error& failure);

/// The same by the words alone: OutOfMemory for any allocator's, DeviceLost for what CUDA, cuDNN, cuBLAS or
/// NCCL report, Bug for the rest and for calls that could work nowhere.
ErrorKind kind_of_failure(std::string_view words);

/// "20.00 MiB": what was asked for when memory ran out; empty when the words do not say.
std::string asked_bytes_text(const std::string& words);

/// Whether CUDA still computes in this process: after an illegal access it never does again, and only a new
/// process can. Waits for what was asked of the device. Always true on a CPU.
bool can_compute(c10::Device device);

}  // namespace longtake
