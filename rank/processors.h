#pragma once

#include <optional>
#include <string>

namespace longtake {

/// How many processors a cgroup lets run at once, rounded, at least 1; nullopt for "no limit" and for
/// text that is not one. v2: the content of cpu.max, "150000 100000" or "max 100000".
std::optional<int> processors_of_cpu_max(const std::string& cpu_max);

/// v1: the contents of cpu.cfs_quota_us and cpu.cfs_period_us; a quota of -1 is no limit.
std::optional<int> processors_of_cfs(const std::string& quota_us, const std::string& period_us);

/// Path of our cgroup from the content of /proc/self/cgroup: of the line "0::PATH" (v2) when
/// `controller` is empty, else of the line that lists `controller` (v1).
std::optional<std::string> cgroup_path(const std::string& proc_self_cgroup, const std::string& controller);

/// Processors this process may use: its affinity mask, less where a cgroup on the way up to the root
/// limits it. At least 1.
int usable_processors();

}  // namespace longtake
