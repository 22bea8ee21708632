#include "scheduler/scheduler_file.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>

#include "storage/durable_file.h"

namespace longtake {
namespace {

constexpr int kSchedulerFileVersion = 1;

std::string this_host() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

void write_scheduler_file(const std::filesystem::path& path, const SchedulerFile& scheduler) {
  auto json = nlohmann::json::parse(encode(scheduler.address));
  json["version"] = kSchedulerFileVersion;
  json["host"] = scheduler.host;
  json["pid"] = scheduler.pid;
  json["epoch"] = scheduler.epoch;
  write_durably(path, json.dump(2) + "\n", Readers::Owner);
}

std::optional<SchedulerFile> read_scheduler_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object() || json.value("version", 0) != kSchedulerFileVersion) return std::nullopt;
  try {
    return SchedulerFile{decode_control_address(json.dump()), json.at("host"), json.at("pid"),
                         json.at("epoch")};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string describe(const SchedulerFile& scheduler) {
  return "pid " + std::to_string(scheduler.pid) + " on " + scheduler.host;
}

bool may_be_alive(const SchedulerFile& scheduler) {
  if (scheduler.host != this_host()) return true;
  return ::kill(scheduler.pid, 0) == 0 || errno != ESRCH;
}

}  // namespace longtake
