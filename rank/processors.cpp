#include "rank/processors.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

namespace longtake {
namespace {

namespace fs = std::filesystem;

std::optional<int> rounded_share(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return std::nullopt;
  return std::max(1, static_cast<int>(std::lround(quota / period)));
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// A set of its own size for machines with more processors than a plain cpu_set_t holds.
int processors_of_affinity() {
  for (int capacity = CPU_SETSIZE; capacity <= (1 << 20); capacity *= 2) {
    cpu_set_t* set = CPU_ALLOC(static_cast<std::size_t>(capacity));
    const std::size_t bytes = CPU_ALLOC_SIZE(static_cast<std::size_t>(capacity));
    const int count = ::sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

/// The tightest limit of `folder` and the folders above it up to `root`. Inside a container the path of
/// /proc/self/cgroup may not exist below `root`; then `root` itself is our cgroup.
template <class LimitOf>
int tightest(int processors, const fs::path& root, const std::string& path, LimitOf limit_of) {
  fs::path folder = root / fs::path(path).relative_path();
  while (true) {
    if (const std::optional<int> limit = limit_of(folder)) processors = std::min(processors, *limit);
    if (folder == root || !folder.has_relative_path()) return processors;
    folder = folder.parent_path();
  }
}

}  // namespace

std::optional<int> processors_of_cpu_max(const std::string& cpu_max) {
  std::istringstream text(cpu_max);
  double quota = 0;
  double period = 0;
  if (!(text >> quota >> period)) return std::nullopt;
  return rounded_share(quota, period);
}

std::optional<int> processors_of_cfs(const std::string& quota_us, const std::string& period_us) {
  return processors_of_cpu_max(quota_us + " " + period_us);
}

std::optional<std::string> cgroup_path(const std::string& proc_self_cgroup, const std::string& controller) {
  std::istringstream lines(proc_self_cgroup);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    if (controllers.find("," + controller + ",") != std::string::npos) return line.substr(second + 1);
  }
  return std::nullopt;
}

int usable_processors() {
  int processors = processors_of_affinity();
  const std::string cgroups = content_of("/proc/self/cgroup");
  if (const auto path = cgroup_path(cgroups, "")) {
    processors = tightest(processors, "/sys/fs/cgroup", *path, [](const fs::path& folder) {
      return processors_of_cpu_max(content_of(folder / "cpu.max"));
    });
  }
  if (const auto path = cgroup_path(cgroups, "cpu")) {
    processors = tightest(processors, "/sys/fs/cgroup/cpu", *path, [](const fs::path& folder) {
      return processors_of_cfs(content_of(folder / "cpu.cfs_quota_us"),
                               content_of(folder / "cpu.cfs_period_us"));
    });
  }
  return processors;
}

}  // namespace longtake
