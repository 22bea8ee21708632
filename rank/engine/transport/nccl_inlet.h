#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <memory>
#include <optional>

#include "rank/engine/nccl/nccl_link.h"
#include "rank/engine/transport/group_line.h"
#include "rank/engine/transport/transfer_limit.h"

namespace longtake {

/// What comes from another engine's NcclOutlet. The next tensor is received as soon as it is offered, beside
/// what is computed with the one before: two are here at most. Belongs to one thread.
class NcclInlet {
 public:
  /// As an NcclOutlet is made.
  NcclInlet(GroupLine& line, int from, std::unique_ptr<NcclLink> link,
            std::chrono::milliseconds longest_transfer);

  /// As of an NcclOutlet.
  bool move_on();

  bool has_next() const { return arrived_.has_value(); }
  /// On the device, complete. Only when has_next().
  GroupLine::Message take_next();

 private:
  GroupLine& line_;
  int from_;
  std::unique_ptr<NcclLink> link_;
  TransferLimit limit_;  ///< of what is arriving
  std::optional<GroupLine::Message> arriving_;
  std::optional<GroupLine::Message> arrived_;  ///< not taken yet
};

}  // namespace longtake
