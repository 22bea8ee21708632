#include "rank/engine/transport/nccl_outlet.h"

#include "jobs/error.h"
#include "rank/engine/shape_text.h"

namespace longtake {

using std::chrono::steady_clock;

NcclOutlet::NcclOutlet(GroupLine& line, int to, std::unique_ptr<NcclLink> link,
                       std::chrono::milliseconds longest_transfer)
    : line_(line), to_(to), link_(std::move(link)), longest_transfer_(longest_transfer) {}

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
      begun_ = steady_clock::now();
      state_ = State::Sending;
      return true;
    case State::Sending:
      if (!link_->is_idle()) {
        check_transfer();
        return true;
      }
      parcels_.pop_front();
      state_ = State::Computing;
      return !parcels_.empty();
  }
  return false;
}

void NcclOutlet::check_transfer() const {
  if (steady_clock::now() - begun_ < longest_transfer_) return;
  const Parcel& first = parcels_.front();
  throw Error(ErrorKind::DeviceLost, "NCCL has not brought '" + first.tag + "' " +
                                         shape_text(first.tensor.sizes()) + " to " + engine_name(to_) +
                                         " within " + std::to_string(longest_transfer_.count()) + " ms");
}

}  // namespace longtake
