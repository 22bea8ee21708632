#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "scheduler/doctor/finding.h"
#include "scheduler/planner/profile.h"

namespace longtake {

struct HostMemoryFacts {
  std::int64_t total_bytes = 0;
  std::int64_t available_bytes = 0;
  std::optional<std::int64_t> limit_bytes;  ///< of our control group
  std::int64_t limit_used_bytes = 0;        ///< of that limit
  int ranks = 1;                            ///< that a run would start on this host
  bool has_shared_memory = false;           ///< /dev/shm is there
  std::int64_t shared_bytes = 0;
  std::int64_t shared_free_bytes = 0;
};

/// A line of /proc/meminfo in bytes: `key` is "MemAvailable". 0 when it is not there.
std::int64_t bytes_of_meminfo(const std::string& meminfo, const std::string& key);

/// Reads them; `ranks` is left to the caller.
HostMemoryFacts read_host_memory();

Finding check_host_memory(const HostMemoryFacts& facts, const Profile& profile);

/// `gpus`: how many a run would use; NCCL and MPI pass what they exchange on a host through /dev/shm.
Finding check_shared_memory(const HostMemoryFacts& facts, std::size_t gpus);

}  // namespace longtake
