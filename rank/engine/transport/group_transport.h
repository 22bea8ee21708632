#pragma once

#include <memory>
#include <optional>

#include "rank/engine/transport/group_line.h"
#include "rank/engine/transport/nccl_inlet.h"
#include "rank/engine/transport/nccl_outlet.h"
#include "rank/engine/transport/pace.h"
#include "rank/engine/transport/row_links.h"
#include "rank/engine/transport/transport.h"

namespace longtake {

/// Where an engine's tensors are, and what to the engines beside it in its row there is besides sockets.
struct RowPlace {
  RowNeighbours neighbours;
  at::Device device = at::kCPU;
  std::shared_ptr<const NcclLibrary> nccl;  ///< none: this engine does without
  NcclLimits limits;
};

/// Through the memory of one host; and what is paced, which is large, through NCCL from device to device
/// where both engines can.
class GroupTransport : public Transport {
 public:
  /// Connects with the neighbours as connect_row() does: it may wait for all engines to come, so make it
  /// before anything that takes long. Throws what GroupLine and connect_row() throw.
  GroupTransport(const GroupMember& member, std::function<bool()> goes_on, WorkTimes& times,
                 const RowPlace& place = {});

  /// Without leave() this is the end of the whole group's attempt; see GroupLine.
  ~GroupTransport() override = default;

  void send(int to, Lane lane, const std::string& tag, const at::Tensor& tensor) override;
  at::Tensor receive(int from, Lane lane, const std::string& tag, at::IntArrayRef shape) override;
  void leave() override;

 private:
  bool move_on();
  at::Tensor on_host(const at::Tensor& tensor, const std::string& tag);
  GroupLine::Message next_paced(int from, const std::string& tag);

  GroupLine line_;
  Pace pace_;
  RowPlace place_;
  std::optional<NcclOutlet> outlet_;  ///< to the next one of the row
  std::optional<NcclInlet> inlet_;    ///< from the one before
};

}  // namespace longtake
