#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "rank/engine/pipeline/stage_routes.h"
#include "rank/engine/transport/transport.h"

namespace longtake {

/// One engine's place in its group.
struct GroupSeat {
  const StageRoutes& routes;
  int stage = 0;
  Transport* transport = nullptr;  ///< none in a group of one

  bool is_writer() const { return stage == routes.writer(); }
};

/// Something that one stage makes and some use.
struct SharedTensor {
  std::string tag;
  int maker = 0;
  std::set<int> users;
  std::vector<std::int64_t> shape;  ///< -1: any length
};

/// Gives every user `what`: its maker calls this with the tensor, the others' is not looked at. Returns
/// the tensor to maker and users, float32 to those that received it; nothing to anybody else.
at::Tensor share(const GroupSeat& seat, const SharedTensor& what, const at::Tensor& made);

}  // namespace longtake
