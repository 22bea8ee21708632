#include "scheduler/doctor/limits.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "scheduler/doctor/system_files.h"
#include "scheduler/doctor/words.h"

namespace longtake {
namespace {

/// Of the scheduler, besides one per rank: database, sockets, films being joined, MPI.
constexpr std::uint64_t kFilesOfScheduler = 256;
constexpr std::uint64_t kUsualFiles = 1024;

Limit limit_of(rlim_t value) {
  if (value == RLIM_INFINITY) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::string text_of(const Limit& limit) { return limit ? std::to_string(*limit) : "unlimited"; }

std::string locked_text(const Limit& limit) {
  return limit ? bytes_text(static_cast<std::int64_t>(*limit)) : "unlimited";
}

bool is_below(const Limit& limit, std::uint64_t wanted) { return limit && *limit < wanted; }

bool is_set(const char* variable) { return std::getenv(variable) != nullptr; }

std::string kind_of_container() {
  if (std::filesystem::exists("/.dockerenv")) return "Docker";
  if (std::filesystem::exists("/run/.containerenv")) return "Podman";
  if (is_set("APPTAINER_CONTAINER") || is_set("SINGULARITY_CONTAINER")) return "Apptainer";
  if (is_set("KUBERNETES_SERVICE_HOST")) return "Kubernetes";
  return "";
}

}  // namespace

LimitFacts read_limits() {
  LimitFacts facts;
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0) facts.locked_bytes = limit_of(limit.rlim_cur);
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    facts.open_files = limit_of(limit.rlim_cur);
    facts.most_open_files = limit_of(limit.rlim_max);
  }
  return facts;
}

ContainerFacts read_container() {
  ContainerFacts facts;
  facts.kind = kind_of_container();
  facts.is_root = ::geteuid() == 0;
  facts.may_mpirun_as_root = is_set("OMPI_ALLOW_RUN_AS_ROOT") && is_set("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM");
  return facts;
}

Finding check_limits(const LimitFacts& facts) {
  const std::string name = "limits";
  const std::string reason = "open files (ulimit -n) " + text_of(facts.open_files) +
                             ", locked memory (ulimit -l) " + locked_text(facts.locked_bytes);
  const std::uint64_t wanted = kFilesOfScheduler + static_cast<std::uint64_t>(facts.ranks);
  const std::string remedy =
      "ulimit -n 65536 in the shell or batch script that starts the run; its limit here is " +
      text_of(facts.most_open_files) + " (LimitNOFILE=, --ulimit nofile= or limits.conf raise it)";
  if (is_below(facts.open_files, wanted)) {
    return bad(name,
               reason + ": a scheduler of " + count_text(static_cast<std::size_t>(facts.ranks), "rank") +
                   " opens up to " + std::to_string(wanted),
               remedy);
  }
  if (is_below(facts.open_files, kUsualFiles))
    return warning(name, reason + ": fewer files than usual", remedy);
  if (facts.has_infiniband && facts.locked_bytes) {
    return warning(name, reason + ": InfiniBand needs to lock what it sends",
                   "ulimit -l unlimited; in a container --ulimit memlock=-1, in Slurm "
                   "PropagateResourceLimitsExcept=MEMLOCK");
  }
  return good(name, reason);
}

Finding check_container(const ContainerFacts& facts) {
  const std::string name = "container";
  if (facts.kind.empty() && !facts.is_root) return not_applicable(name, "no container, and not root");
  std::string reason = facts.kind.empty() ? "no container" : "in a container (" + facts.kind + ")";
  if (facts.memory_limit_bytes) reason += " with a memory limit of " + bytes_text(*facts.memory_limit_bytes);
  if (!facts.is_root) return good(name, reason);
  if (facts.may_mpirun_as_root) return good(name, reason + ", root, and mpirun may run as root");
  return good(
      name,
      reason + ", root: longtake run gives mpirun --allow-run-as-root; an mpirun of your own needs it too");
}

Finding check_processors(const ContainerFacts& facts) {
  const std::string name = "processors";
  const std::string reason = count_text(static_cast<std::size_t>(facts.processors), "processor") +
                             " may be used for " + count_text(static_cast<std::size_t>(facts.ranks), "rank");
  if (facts.ranks <= facts.processors) return good(name, reason);
  return warning(name, reason + ": ranks and engines take turns",
                 "start fewer ranks (longtake run --ranks " + std::to_string(facts.processors) +
                     "), or ask for more processors (Slurm: --cpus-per-task, a container: --cpus)");
}

}  // namespace longtake
