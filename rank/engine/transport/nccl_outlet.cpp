#include "rank/engine/transport/nccl_outlet.h"

namespace longtake {

NcclOutlet::NcclOutlet(GroupLine& line, int to, std::unique_ptr<NcclLink> link,
                       std::chrono::milliseconds longest_transfer)
    : line_(line), to_(to), link_(std::move(link)), limit_(longest_transfer) {}

void NcclOutlet::put(const std::string& tag, const at::Tensor& tensor) {
  const at::Tensor copy = at::empty(tensor.sizes(), tensor.options().dtype(at::kFloat)).copy_(tensor);
  parcels_.push_back({tag, copy, computed_so_far(tensor.device())});
}

bool NcclOutlet::move_on() {
  if (parcels_.empty()) return false;
  const Parcel& first = parcels_.front();
  switch (state_) {
    case State::Computing:
      if (!first.computed.has_passed()) return true;
      line_.post_notice(to_, kOffered, first.tag, first.tensor.sizes());
      state_ = State::Offered;
      return false;
    case State::Offered:
      if (!line_.take(to_, kAccepted)) return false;
      link_->send(first.tensor);
      limit_.begin(TransferLimit::Clock::now());
      state_ = State::Sending;
      return true;
    case State::Sending:
      if (!link_->is_idle()) {
        if (limit_.is_over_at(TransferLimit::Clock::now())) {
          limit_.give_up(first.tag, first.tensor.sizes(), "to " + engine_name(to_));
        }
        return true;
      }
      parcels_.pop_front();
      state_ = State::Computing;
      return !parcels_.empty();
  }
  return false;
}

}  // namespace longtake
