#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <memory>
#include <optional>

#include "rank/engine/nccl/nccl_link.h"
#include "rank/engine/transport/group_line.h"

namespace longtake {

/// The engines beside this one in its row: hidden states come from one and go to the other.
struct RowNeighbours {
  std::optional<int> before;
  std::optional<int> next;
};

/// How long NCCL may take.
struct NcclLimits {
  /// Of two engines that both are there; it loads its kernels.
  std::chrono::milliseconds connecting{120'000};
  /// Of one tensor, both ends being at it.
  std::chrono::milliseconds transfer{60'000};
};

/// Links with the neighbours; none where there is no neighbour, or one of the two cannot use NCCL.
struct RowLinks {
  std::unique_ptr<NcclLink> from_before;
  std::unique_ptr<NcclLink> to_next;
};

/// Connects this engine with its neighbours through NCCL and tries the links: numbers that are sent must
/// arrive. Every engine of a group calls it, first of all: it waits until all are there, so that NCCL's time
/// counts from then on. Without `nccl` it only says so, and waits for nobody. Throws Error{NotConnected} for
/// what NCCL says, numbers that are wrong, or when it takes longer than `limits`; Error{DeviceLost} as waits
/// of `line` do.
RowLinks connect_row(GroupLine& line, const RowNeighbours& neighbours,
                     const std::shared_ptr<const NcclLibrary>& nccl, at::Device device,
                     const NcclLimits& limits = {});

}  // namespace longtake
