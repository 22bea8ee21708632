#pragma once

#include <c10/core/Device.h>
#include <c10/util/ThreadLocalDebugInfo.h>

#include <cstdint>
#include <memory>

namespace longtake {

class TensorCount;

/// Counts the bytes of the tensors that this thread and its compute threads make on one device while this
/// lives. What LibTorch's allocator hands out, on any device: neither the process's own memory nor what an
/// allocator keeps for later. One at a time; belongs to one thread.
class TensorMemory {
 public:
  explicit TensorMemory(c10::Device device);

  /// Now, and the most since the beginning or the latest forget_peak().
  std::int64_t live_bytes() const;
  std::int64_t peak_bytes() const;
  void forget_peak();

 private:
  std::shared_ptr<TensorCount> count_;
  c10::DebugInfoGuard guard_;
};

}  // namespace longtake
