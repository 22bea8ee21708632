#pragma once

#include <optional>
#include <string>

#include "jobs/engine_device.h"
#include "jobs/error.h"
#include "jobs/gpu_allowance.h"
#include "rank/engine/devices/own_memory.h"
#include "rank/engine/liveavatar/memory_account.h"
#include "rank/engine/weights/weights.h"

namespace c10 {
class Error;
}

namespace longtake {

/// Where an engine computes, in what type, and how much of the device it may take. Belongs to one thread.
class ComputeDevice {
 public:
  /// The CPU in float32, or the first CUDA device in bfloat16. Throws Error{DeviceLost} when a GPU is wanted
  /// and there is none.
  explicit ComputeDevice(const EngineDevice& wanted);

  const WeightOptions& options() const { return options_; }
  /// "cpu", "NVIDIA H200".
  const std::string& name() const { return name_; }

  /// Before a segment: sets what tensors may take.
  void prepare(bool is_in_group);

  /// After a segment: the most that this process had on the device (of a CPU: resident), with what was
  /// planned beside tensors where nobody tells that.
  std::int64_t peak_bytes(const MemoryAccount& account) const;

  /// What `failure` of LibTorch means for the scheduler; of memory that ran out with where, how much was
  /// asked for, and what was there.
  Error error_of(const c10::Error& failure, const MemoryAccount& account) const;

 private:
  std::string memory_state(const MemoryAccount& account) const;

  WeightOptions options_;
  std::string name_ = "cpu";
  std::optional<OwnMemory> own_memory_;  ///< of a GPU
  std::int64_t planned_beside_ = kCudaContext_bytes;
  std::int64_t memory_bytes_;      ///< that the process may take; 0: all
  std::int64_t tensor_bytes_ = 0;  ///< that tensors may take of it; 0: all
};

}  // namespace longtake
