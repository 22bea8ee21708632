#pragma once

#include <ATen/ATen.h>
#include <c10/core/Event.h>

#include <optional>

namespace longtake {

/// A point in the work that a device was given. Belongs to one thread.
class DeviceMoment {
 public:
  /// Has passed: a CPU does at once what it is told.
  DeviceMoment() = default;
  /// When `stream` has done what it was given until now.
  explicit DeviceMoment(const c10::Stream& stream);

  /// Throws c10::Error when the device has failed.
  bool has_passed() const { return !event_ || event_->query(); }

 private:
  std::optional<c10::Event> event_;
};

/// When `device` has computed what this thread gave it until now.
DeviceMoment computed_so_far(at::Device device);

/// A device's stream for transfers, beside the one that computes and before it in the queue for processors.
/// On a CPU there is none, and everything is done at once.
class DeviceStream {
 public:
  explicit DeviceStream(at::Device device);

  at::Device device() const { return device_; }
  /// As CUDA and NCCL know it; null on a CPU.
  void* handle() const;
  DeviceMoment now() const;

  /// float32, into which this stream may write at once, whatever is computed meanwhile.
  at::Tensor empty(at::IntArrayRef shape) const;

  /// `tensor`, from empty(), is complete; from now on it is for the stream that computes.
  void give_to_computing(const at::Tensor& tensor) const;

 private:
  at::Device device_;
  std::optional<c10::Stream> stream_;
};

}  // namespace longtake
