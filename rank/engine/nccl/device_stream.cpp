#include "rank/engine/nccl/device_stream.h"

#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "rank/engine/torch_compat.h"

namespace longtake {
namespace {

c10::Stream computing_stream(at::Device device) {
  return c10::impl::VirtualGuardImpl(device.type()).getStream(device);
}

std::optional<c10::Stream> transfer_stream(at::Device device) {
  if (device.is_cpu()) return std::nullopt;
  constexpr bool kComesFirst = true;
  return c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device, kComesFirst);
}

}  // namespace

DeviceMoment::DeviceMoment(const c10::Stream& stream) : event_(stream.device_type()) {
  event_->record(stream);
}

DeviceMoment computed_so_far(at::Device device) {
  return device.is_cpu() ? DeviceMoment() : DeviceMoment(computing_stream(device));
}

DeviceStream::DeviceStream(at::Device device) : device_(device), stream_(transfer_stream(device)) {}

void* DeviceStream::handle() const { return stream_ ? native_handle_of(*stream_) : nullptr; }

DeviceMoment DeviceStream::now() const { return stream_ ? DeviceMoment(*stream_) : DeviceMoment(); }

at::Tensor DeviceStream::empty(at::IntArrayRef shape) const {
  // LibTorch gives memory again that the same stream has done with. What another stream computes with it
  // would have to be waited for.
  c10::OptionalStreamGuard guard;
  if (stream_) guard.reset_stream(*stream_);
  return at::empty(shape, at::device(device_).dtype(at::kFloat));
}

void DeviceStream::give_to_computing(const at::Tensor& tensor) const {
  if (stream_) tensor.record_stream(computing_stream(device_));
}

}  // namespace longtake
