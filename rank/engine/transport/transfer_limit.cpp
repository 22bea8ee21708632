#include "rank/engine/transport/transfer_limit.h"

#include <algorithm>

#include "jobs/error.h"
#include "rank/engine/shape_text.h"

namespace longtake {

void TransferLimit::begin(Clock::time_point now) {
  looked_ = now;
  counted_ = {};
}

bool TransferLimit::is_over_at(Clock::time_point now) {
  constexpr int kFewestLooks = 10;
  counted_ += std::min<Clock::duration>(now - looked_, longest_ / kFewestLooks);
  looked_ = now;
  return counted_ >= longest_;
}

void TransferLimit::give_up(const std::string& tag, at::IntArrayRef shape, const std::string& way) const {
  throw Error(ErrorKind::DeviceLost, "NCCL has not brought '" + tag + "' " + shape_text(shape) + " " + way +
                                         " within " + std::to_string(longest_.count()) + " ms");
}

}  // namespace longtake
