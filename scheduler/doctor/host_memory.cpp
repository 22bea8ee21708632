#include "scheduler/doctor/host_memory.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "scheduler/doctor/system_files.h"
#include "scheduler/doctor/words.h"

namespace longtake {
namespace {

constexpr std::int64_t kMebi = 1024 * 1024;
/// What a container gets that asks for nothing; NCCL's troubleshooting page asks for 1 GiB.
constexpr std::int64_t kContainerDefault_bytes = 64 * kMebi;
constexpr std::int64_t kEnoughShared_bytes = 1024 * kMebi;
/// A control group of version 1 without a limit has one of nearly 2^63.
constexpr std::int64_t kNoLimit_bytes = std::int64_t{1} << 60;

std::optional<std::int64_t> number_of(const std::string& line) {
  if (line.empty() || line == "max") return std::nullopt;
  return std::strtoll(line.c_str(), nullptr, 10);
}

/// The limit of a container is that of the top folder it is shown.
void read_limit(HostMemoryFacts& facts) {
  struct Files {
    const char* limit;
    const char* used;
  };
  constexpr Files kVersions[] = {
      {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"},
      {"/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"}};
  for (const Files& files : kVersions) {
    const auto limit = number_of(line_of(files.limit));
    if (!limit || *limit >= kNoLimit_bytes) continue;
    facts.limit_bytes = limit;
    facts.limit_used_bytes = number_of(line_of(files.used)).value_or(0);
  }
}

std::int64_t usable_bytes(const HostMemoryFacts& facts) {
  if (!facts.limit_bytes) return facts.available_bytes;
  return std::min(facts.available_bytes,
                  std::max<std::int64_t>(0, *facts.limit_bytes - facts.limit_used_bytes));
}

std::string memory_text(const HostMemoryFacts& facts) {
  std::string text = bytes_text(usable_bytes(facts)) + " of " + bytes_text(facts.total_bytes) + " can be had";
  if (facts.limit_bytes) text += " (the control group's limit is " + bytes_text(*facts.limit_bytes) + ")";
  return text;
}

}  // namespace

std::int64_t bytes_of_meminfo(const std::string& meminfo, const std::string& key) {
  std::istringstream lines(meminfo);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(key + ":", 0) == 0) return std::strtoll(line.c_str() + key.size() + 1, nullptr, 10) * 1024;
  }
  return 0;
}

HostMemoryFacts read_host_memory() {
  HostMemoryFacts facts;
  const std::string meminfo = content_of("/proc/meminfo");
  facts.total_bytes = bytes_of_meminfo(meminfo, "MemTotal");
  facts.available_bytes = bytes_of_meminfo(meminfo, "MemAvailable");
  read_limit(facts);
  struct statvfs shared {};
  facts.has_shared_memory = ::statvfs("/dev/shm", &shared) == 0;
  facts.shared_bytes = static_cast<std::int64_t>(shared.f_blocks * shared.f_frsize);
  facts.shared_free_bytes = static_cast<std::int64_t>(shared.f_bavail * shared.f_frsize);
  return facts;
}

Finding check_host_memory(const HostMemoryFacts& facts, const Profile& profile) {
  const std::string name = "host_memory";
  const std::int64_t per_rank = profile.host_bytes_per_slot;
  const std::int64_t wanted = facts.ranks * per_rank;
  const std::string reason = memory_text(facts) + "; " +
                             count_text(static_cast<std::size_t>(facts.ranks), "rank") + " of profile " +
                             profile.name + " take " + bytes_text(wanted);
  const std::int64_t fitting = per_rank > 0 ? usable_bytes(facts) / per_rank : facts.ranks;
  if (fitting >= facts.ranks) return good(name, reason);
  if (fitting < 1) {
    return bad(name, reason,
               "end other programs, or ask for more memory (Slurm: --mem, a container: --memory)");
  }
  return warning(name, reason,
                 "start fewer ranks (longtake run --ranks " + std::to_string(fitting) +
                     "), or ask for more memory (Slurm: --mem, a container: --memory)");
}

Finding check_shared_memory(const HostMemoryFacts& facts, std::size_t gpus) {
  const std::string name = "shared_memory";
  const std::string remedy =
      "start the container with --shm-size=1g or more, or have /dev/shm mounted larger";
  if (!facts.has_shared_memory) {
    const std::string reason = "there is no /dev/shm";
    return gpus > 1 ? bad(name, reason + ", which NCCL needs between GPUs", remedy)
                    : warning(name, reason, remedy);
  }
  const std::string reason =
      "/dev/shm has " + bytes_text(facts.shared_free_bytes) + " free of " + bytes_text(facts.shared_bytes);
  if (facts.shared_free_bytes >= kEnoughShared_bytes) return good(name, reason);
  if (gpus > 1 && facts.shared_free_bytes <= kContainerDefault_bytes) {
    return bad(name, reason + ": NCCL runs out of it between " + std::to_string(gpus) + " GPUs", remedy);
  }
  return warning(name, reason + ": NCCL and MPI may run out of it", remedy);
}

}  // namespace longtake
