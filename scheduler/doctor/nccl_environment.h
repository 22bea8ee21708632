#pragma once

#include <map>
#include <string>
#include <vector>

#include "scheduler/doctor/finding.h"
#include "scheduler/planner/profile.h"

namespace longtake {

struct NcclEnvironmentFacts {
  std::map<std::string, std::string> variables;  ///< those of this process that begin with NCCL_
  std::vector<std::string> network_interfaces;   ///< "lo", "eth0"
  std::vector<std::string> infiniband_devices;   ///< "mlx5_0"
};

/// The NCCL_* of this process against the profile's nccl_environment, and the names in them against what
/// this host has.
Finding check_nccl_environment(const NcclEnvironmentFacts& facts, const Profile& profile);

}  // namespace longtake
