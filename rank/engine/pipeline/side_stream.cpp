#include "rank/engine/pipeline/side_stream.h"

#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <map>

namespace longtake {
namespace {

/// The same whenever this thread asks: what the allocator keeps for a queue it gives to no other, so with
/// another for every segment it would keep all of it again.
std::optional<c10::Stream> stream_beside(at::Device device) {
  if (device.is_cpu()) return std::nullopt;
  static thread_local std::map<at::DeviceIndex, c10::Stream> streams;
  const auto known = streams.find(device.index());
  if (known != streams.end()) return known->second;
  constexpr bool kComesFirst = false;
  const c10::impl::VirtualGuardImpl guard(device.type());
  return streams.emplace(device.index(), guard.getStreamFromGlobalPool(device, kComesFirst)).first->second;
}

}  // namespace

SideStream::SideStream(at::Device device) : stream_(stream_beside(device)) {}

SideStream::~SideStream() {
  if (!stream_) return;
  try {
    stream_->synchronize();
  } catch (const std::exception&) {
    // A device that has failed says so to everyone who asks it for anything.
  }
}

void SideStream::follow(const at::Tensor& read) const {
  if (!stream_) return;
  c10::Event made(stream_->device_type());
  made.record(c10::impl::VirtualGuardImpl(stream_->device_type()).getStream(stream_->device()));
  made.block(*stream_);
  if (!read.is_cpu()) read.record_stream(*stream_);
}

void SideStream::run(const std::function<void()>& work) const {
  if (!stream_) return work();
  const c10::StreamGuard guard(*stream_);
  work();
}

}  // namespace longtake
