#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "rank/engine/devices/nccl_library.h"
#include "rank/engine/nccl/device_stream.h"

namespace longtake {

/// NCCL for tensors on `device`; none when that is no CUDA device, or there is no NCCL to load.
std::shared_ptr<const NcclLibrary> nccl_for(at::Device device);

enum class LinkEnd { Sender, Receiver };

/// One way from one engine to another through NCCL: a communicator of just the two. No call waits, not even
/// while NCCL connects: whoever owns a link asks is_idle() again and again, and gives it up by destroying
/// it. Belongs to one thread. Everything throws Error{DeviceLost} with NCCL's words, and c10::Error when the
/// device has failed.
class NcclLink {
 public:
  /// Begins to connect with the other end, which has the same `id`. `device`: a CUDA device, or a CPU for an
  /// NCCL that knows no better.
  NcclLink(std::shared_ptr<const NcclLibrary> nccl, const NcclId& id, LinkEnd end, at::Device device);

  /// Aborts: what is under way ends here at once, and at the other end with an error.
  ~NcclLink();
  NcclLink(const NcclLink&) = delete;
  NcclLink& operator=(const NcclLink&) = delete;

  at::Device device() const { return stream_.device(); }

  /// Whether it is connected and the transfer, if any, is complete on the device.
  bool is_idle();

  /// Of an idle link. `tensor` is float32, contiguous, on the device, computed, and stays as it is until the
  /// link is idle. Both ends must transfer as many numbers.
  void send(const at::Tensor& tensor);

  /// Of an idle link. What is returned is filled, and may be computed with, when the link is idle again.
  at::Tensor receive(at::IntArrayRef shape);

 private:
  enum class State { AtNccl, OnDevice, Idle };

  std::shared_ptr<const NcclLibrary> nccl_;
  DeviceStream stream_;
  NcclPlace* place_ = nullptr;
  State state_ = State::AtNccl;
  DeviceMoment end_;      ///< of what is OnDevice
  at::Tensor under_way_;  ///< kept until it is over
};

}  // namespace longtake
