#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "scheduler/doctor/finding.h"

namespace longtake {

struct InfinibandPort {
  std::string device;  ///< "mlx5_0"
  int port = 1;
  std::string state;  ///< as the kernel says it: "4: ACTIVE"
  std::string rate;   ///< "400 Gb/sec (4X NDR)"
};

struct InfinibandFacts {
  std::vector<InfinibandPort> ports;
  bool is_switched_off = false;  ///< NCCL_IB_DISABLE=1, in the environment or the profile
};

/// What `folder`, /sys/class/infiniband, lists.
std::vector<InfinibandPort> infiniband_ports(const std::filesystem::path& folder);

Finding check_infiniband(const InfinibandFacts& facts);

}  // namespace longtake
