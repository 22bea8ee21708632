#include "rank/engine/nccl/nccl_link.h"

#include <c10/core/DeviceGuard.h>

#include <cstdint>
#include <exception>

namespace longtake {
namespace {

constexpr int kSender = 0;
constexpr int kReceiver = 1;
constexpr int kPlaces = 2;

CudaAddress address_of(const at::Tensor& tensor) {
  return static_cast<CudaAddress>(reinterpret_cast<std::uintptr_t>(tensor.data_ptr()));
}

std::size_t count_of(const at::Tensor& tensor) { return static_cast<std::size_t>(tensor.numel()); }

}  // namespace

std::shared_ptr<const NcclLibrary> nccl_for(at::Device device) {
  if (!device.is_cuda()) return nullptr;
  try {
    return std::make_shared<NcclLibrary>();
  } catch (const Error&) {
    return nullptr;  // longtake doctor says so; groups work without it
  }
}

NcclLink::NcclLink(std::shared_ptr<const NcclLibrary> nccl, const NcclId& id, LinkEnd end, at::Device device)
    : nccl_(std::move(nccl)), stream_(device) {
  const c10::DeviceGuard here(device);
  place_ = nccl_->begin_connecting(id, kPlaces, end == LinkEnd::Sender ? kSender : kReceiver);
}

NcclLink::~NcclLink() {
  try {
    const c10::DeviceGuard here(stream_.device());
    nccl_->abort(place_);
  } catch (const std::exception&) {
    // It is given up because of a failure: what is said of that matters.
  }
}

bool NcclLink::is_idle() {
  if (state_ == State::Idle) return true;
  // Also while the device is at it: this is how the other end's death is heard of.
  if (nccl_->is_busy(place_)) return false;
  if (state_ == State::AtNccl) {
    end_ = stream_.now();
    state_ = State::OnDevice;
  }
  if (!end_.has_passed()) return false;
  if (under_way_.defined()) stream_.give_to_computing(under_way_);
  under_way_ = at::Tensor();
  state_ = State::Idle;
  return true;
}

void NcclLink::send(const at::Tensor& tensor) {
  const c10::DeviceGuard here(stream_.device());
  under_way_ = tensor;
  state_ = State::AtNccl;
  nccl_->send(place_, kReceiver, address_of(tensor), count_of(tensor),
              static_cast<CudaStream*>(stream_.handle()));
}

at::Tensor NcclLink::receive(at::IntArrayRef shape) {
  const c10::DeviceGuard here(stream_.device());
  under_way_ = stream_.empty(shape);
  state_ = State::AtNccl;
  nccl_->receive(place_, kSender, address_of(under_way_), count_of(under_way_),
                 static_cast<CudaStream*>(stream_.handle()));
  return under_way_;
}

}  // namespace longtake
