#include "scheduler/scheduler_file.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "scheduler/process_identity.h"
#include "storage/durable_file.h"

namespace longtake {
namespace {

constexpr int kSchedulerFileVersion = 3;

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
  json["process"] = scheduler.process;
  json["epoch"] = scheduler.epoch;
  json["meetings"] = scheduler.meetings;
  write_durably(path, json.dump(2) + "\n", Readers::Owner);
}

std::optional<SchedulerFile> read_scheduler_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object() || json.value("version", 0) != kSchedulerFileVersion) return std::nullopt;
  try {
    return SchedulerFile{decode_control_address(json.dump()),
                         json.at("host"),
                         json.at("pid"),
                         json.at("process"),
                         json.at("epoch"),
                         json.at("meetings")};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::string describe(const SchedulerFile& scheduler) {
  return "pid " + std::to_string(scheduler.pid) + " on " + scheduler.host;
}

bool is_on_this_host(const SchedulerFile& scheduler) { return scheduler.host == this_host(); }

bool may_be_alive(const SchedulerFile& scheduler) {
  return !is_on_this_host(scheduler) || process_identity(scheduler.pid) == scheduler.process;
}

}  // namespace longtake
