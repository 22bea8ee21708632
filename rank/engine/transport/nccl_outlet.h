#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <deque>
#include <memory>
#include <string>

#include "rank/engine/nccl/nccl_link.h"
#include "rank/engine/transport/group_line.h"
#include "rank/engine/transport/transfer_limit.h"

namespace longtake {

/// The lane on which an outlet offers a tensor, and that of the inlet's answer.
inline constexpr const char* kOffered = "offered";
inline constexpr const char* kAccepted = "accepted";

/// What goes to another engine through NCCL, one tensor after the other. NCCL knows no tags, and its kernels
/// hold processors of the device while they wait for the other end; so a tensor is offered, by tag and shape,
/// when it is computed, and sent when its receiver has answered that it is at it. Belongs to one thread.
class NcclOutlet {
 public:
  /// `link` is connected. `longest_transfer`: of one tensor, from the answer on. `line` must outlive it.
  NcclOutlet(GroupLine& line, int to, std::unique_ptr<NcclLink> link,
             std::chrono::milliseconds longest_transfer);

  /// `tensor` may be changed when this returns. Goes as float32.
  void put(const std::string& tag, const at::Tensor& tensor);

  /// Does what can be done without waiting; returns whether the device is at work for it. Throws
  /// Error{DeviceLost} for what NCCL says, and for a transfer that does not end.
  bool move_on();

  bool is_empty() const { return parcels_.empty(); }

 private:
  struct Parcel {
    std::string tag;
    at::Tensor tensor;
    DeviceMoment computed;
  };
  enum class State { Computing, Offered, Sending };  ///< of the first parcel

  GroupLine& line_;
  int to_;
  std::unique_ptr<NcclLink> link_;
  TransferLimit limit_;  ///< of what is Sending
  std::deque<Parcel> parcels_;
  State state_ = State::Computing;
};

}  // namespace longtake
