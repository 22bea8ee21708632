#include "rank/engine/liveavatar/compute_device.h"

#include <c10/util/Exception.h>

#include "rank/engine/gpu/device_failure.h"
#include "rank/engine/gpu/device_memory.h"
#include "rank/engine/gpu/device_name.h"
#include "rank/engine/gpu/memory_cap.h"

namespace longtake {
namespace {

constexpr int kFirstGpu = 0;  // a rank shows its engine one GPU only

WeightOptions options_on(DeviceKind kind) {
  if (kind == DeviceKind::Cpu) return {};
  if (cuda_device_count() > kFirstGpu) return {at::kBFloat16, at::Device(at::kCUDA, kFirstGpu)};
  throw Error(
      ErrorKind::DeviceLost,
      "the profile wants a GPU, and this engine sees none: look at 'longtake-engine devices', or take a "
      "profile for CPUs");
}

}  // namespace

ComputeDevice::ComputeDevice(const EngineDevice& wanted)
    : options_(options_on(wanted.kind)), memory_bytes_(wanted.memory_bytes) {
  if (wanted.kind == DeviceKind::Cpu) return;
  name_ = cuda_device_name(kFirstGpu);
  own_memory_.emplace(cuda_device_address(kFirstGpu));
  use_growing_memory();
}

void ComputeDevice::prepare(bool is_in_group) {
  planned_beside_ = kCudaContext_bytes + (is_in_group ? kNccl_bytes : 0);
  tensor_bytes_ = allocator_share(memory_bytes_, is_in_group);
  cap_allocator(options_.device, tensor_bytes_);
}

std::int64_t ComputeDevice::peak_bytes(const MemoryAccount& account) const {
  const auto tensors = device_memory(options_.device);
  if (!tensors) return resident_peak_bytes();
  return account.peak_reserved_bytes() + own_memory_->beside(tensors->reserved).value_or(planned_beside_);
}

std::string ComputeDevice::memory_state(const MemoryAccount& account) const {
  std::string text;
  if (const auto tensors = device_memory(options_.device)) {
    text += "; tensors may take " + (tensor_bytes_ > 0 ? memory_text(tensor_bytes_) : "all of it") +
            ", at most " + memory_text(account.peak_bytes()) + " were in use and " +
            memory_text(account.peak_reserved_bytes()) + " taken of the device, on which " +
            memory_text(driver_memory(options_.device)->free) + " are free now";
  }
  const std::string held = account.held_text();
  return text + (held.empty() ? "" : "; kept: " + held);
}

Error ComputeDevice::error_of(const c10::Error& failure, const MemoryAccount& account) const {
  const std::string words = failure.what_without_backtrace();
  const ErrorKind kind = kind_of(failure);
  const std::string where = account.failure_text();
  if (kind != ErrorKind::OutOfMemory) {
    return {kind, "computing a segment" + (where.empty() ? "" : " " + where) + ": " + words};
  }
  const std::string asked = asked_bytes_text(words);
  return {kind, "out of memory" + (where.empty() ? "" : " " + where) + " on " + name_ + ": " +
                    (asked.empty() ? words : "asked for " + asked) + memory_state(account)};
}

}  // namespace longtake
