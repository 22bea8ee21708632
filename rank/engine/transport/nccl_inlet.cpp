#include "rank/engine/transport/nccl_inlet.h"

#include "rank/engine/transport/nccl_outlet.h"

namespace longtake {

NcclInlet::NcclInlet(GroupLine& line, int from, std::unique_ptr<NcclLink> link,
                     std::chrono::milliseconds longest_transfer)
    : line_(line), from_(from), link_(std::move(link)), limit_(longest_transfer) {}

bool NcclInlet::move_on() {
  if (arriving_) {
    if (!link_->is_idle()) {
      if (limit_.is_over_at(TransferLimit::Clock::now())) {
        limit_.give_up(arriving_->tag, arriving_->shape, "from " + engine_name(from_));
      }
      return true;
    }
    arrived_ = std::move(arriving_);
    arriving_.reset();
  }
  if (arrived_) return false;
  arriving_ = line_.take(from_, kOffered);
  if (!arriving_) return false;
  // First here, then the answer: the sender's end finds this one at it.
  arriving_->tensor = link_->receive(arriving_->shape);
  limit_.begin(TransferLimit::Clock::now());
  line_.post_notice(from_, kAccepted, arriving_->tag);
  return true;
}

GroupLine::Message NcclInlet::take_next() {
  GroupLine::Message next = *std::move(arrived_);
  arrived_.reset();
  return next;
}

}  // namespace longtake
