#include "rank/engine/transport/nccl_inlet.h"

#include "jobs/error.h"
#include "rank/engine/shape_text.h"
#include "rank/engine/transport/nccl_outlet.h"

namespace longtake {

using std::chrono::steady_clock;

NcclInlet::NcclInlet(GroupLine& line, int from, std::unique_ptr<NcclLink> link,
                     std::chrono::milliseconds longest_transfer)
    : line_(line), from_(from), link_(std::move(link)), longest_transfer_(longest_transfer) {}

bool NcclInlet::move_on() {
  if (arriving_) {
    if (!link_->is_idle()) {
      check_transfer();
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
  begun_ = steady_clock::now();
  line_.post_notice(from_, kAccepted, arriving_->tag);
  return true;
}

GroupLine::Message NcclInlet::take_next() {
  GroupLine::Message next = *std::move(arrived_);
  arrived_.reset();
  return next;
}

void NcclInlet::check_transfer() const {
  if (steady_clock::now() - begun_ < longest_transfer_) return;
  throw Error(ErrorKind::DeviceLost, "NCCL has not brought '" + arriving_->tag + "' " +
                                         shape_text(arriving_->shape) + " from " + engine_name(from_) +
                                         " within " + std::to_string(longest_transfer_.count()) + " ms");
}

}  // namespace longtake
