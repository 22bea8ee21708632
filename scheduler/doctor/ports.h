#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/doctor/finding.h"

namespace longtake {

struct PortHolder {
  int pid = 0;
  std::string program;
};

struct PortFacts {
  int port = 0;
  std::string named_by;  ///< "MASTER_PORT"; what wants the port
  bool is_free = true;
  std::optional<PortHolder> holder;  ///< none: free, or of somebody we cannot look at
};

/// The ports that launchers of this model are known to want, and those that `environment` names:
/// MASTER_PORT, NCCL_COMM_ID (host:port), and any NCCL_*PORT*. `is_free` and `holder` are left to be found
/// out.
std::vector<PortFacts> ports_of_interest(const std::map<std::string, std::string>& environment);

Finding check_ports(const std::vector<PortFacts>& ports);

}  // namespace longtake
