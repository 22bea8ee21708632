#include "tests/system/support/process_tree.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "tests/system/support/files.h"
#include "tests/system/support/process.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

/// The value of a variable in the text of /proc/PID/environ.
std::optional<std::string> variable(const std::string& environment, const std::string& name) {
  const std::string key = name + "=";
  std::size_t begin = 0;
  while (begin < environment.size()) {
    const std::size_t end = std::min(environment.find('\0', begin), environment.size());
    if (environment.compare(begin, key.size(), key) == 0) {
      return environment.substr(begin + key.size(), end - begin - key.size());
    }
    begin = end + 1;
  }
  return std::nullopt;
}

Role role_of(const std::string& program, bool is_ranked) {
  if (program == "longtake-slate" || program == "longtake-engine") return Role::Engine;
  if (program == "orterun" || program == "mpirun") return Role::Mpirun;
  if (program != "longtake-maker" && program != "longtake") return Role::Other;
  return is_ranked ? Role::Rank : Role::Command;
}

std::string name_of(Role role) {
  switch (role) {
    case Role::Command:
      return "command";
    case Role::Mpirun:
      return "mpirun";
    case Role::Rank:
      return "rank";
    case Role::Engine:
      return "engine of rank";
    case Role::Other:
      return "other";
  }
  return "other";
}

}  // namespace

std::vector<RunProcess> processes_of(const std::string& tag) {
  std::vector<RunProcess> processes;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    RunProcess process;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process.pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    const std::string environment = read_file(entry.path() / "environ");
    if (variable(environment, kTagVariable) != tag) continue;
    // As mpirun says it; as srun does.
    auto rank = variable(environment, "OMPI_COMM_WORLD_RANK");
    if (!rank) rank = variable(environment, "PMIX_RANK");
    if (rank) process.rank = std::stoi(*rank);
    std::error_code gone;
    const fs::path program = fs::read_symlink(entry.path() / "exe", gone);
    if (gone) continue;
    process.role = role_of(program.filename(), rank.has_value());
    processes.push_back(process);
  }
  return processes;
}

std::optional<RunProcess> find_process(const std::string& tag, Role role, int rank) {
  for (const RunProcess& process : processes_of(tag)) {
    if (process.role == role && (rank < 0 || process.rank == rank)) return process;
  }
  return std::nullopt;
}

std::string describe(const std::vector<RunProcess>& processes) {
  std::string text;
  for (const RunProcess& process : processes) {
    text += (text.empty() ? "" : ", ") + name_of(process.role);
    if (process.rank >= 0) text += " " + std::to_string(process.rank);
    text += " (pid " + std::to_string(process.pid) + ")";
  }
  return text;
}

}  // namespace longtake
