#include "rank/engine/bench/tensor_memory.h"

#include <c10/core/Allocator.h>

#include <algorithm>
#include <mutex>

#include "rank/engine/torch_compat.h"

namespace longtake {

class TensorCount : public c10::MemoryReportingInfoBase {
 public:
  explicit TensorCount(c10::Device device) : device_(device) {}

  bool memoryProfilingEnabled() const override { return true; }

  /// Called by allocators, on any thread; a tensor that goes has a negative size.
  void reportMemoryUsage(void*, std::int64_t bytes, AllocatorTotal, AllocatorTotal,
                         c10::Device device) override {
    if (device.type() != device_.type()) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    live_bytes_ += bytes;
    peak_bytes_ = std::max(peak_bytes_, live_bytes_);
  }

  std::int64_t live_bytes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return live_bytes_;
  }

  std::int64_t peak_bytes() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return peak_bytes_;
  }

  void forget_peak() {
    const std::lock_guard<std::mutex> lock(mutex_);
    peak_bytes_ = live_bytes_;
  }

 private:
  c10::Device device_;
  mutable std::mutex mutex_;
  std::int64_t live_bytes_ = 0;
  std::int64_t peak_bytes_ = 0;
};

TensorMemory::TensorMemory(c10::Device device)
    : count_(std::make_shared<TensorCount>(device)), guard_(c10::DebugInfoKind::PROFILER_STATE, count_) {}

std::int64_t TensorMemory::live_bytes() const { return count_->live_bytes(); }

std::int64_t TensorMemory::peak_bytes() const { return count_->peak_bytes(); }

void TensorMemory::forget_peak() { count_->forget_peak(); }

}  // namespace longtake
