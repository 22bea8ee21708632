#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "jobs/wire/control_socket.h"

namespace longtake {

/// scheduler.json of a work directory: how watchers find the running scheduler. Mode 0600.
struct SchedulerFile {
  ControlAddress address;
  std::string host;
  int pid = 0;
  std::string process;  ///< process_identity(pid)
  std::int64_t epoch = 0;
  std::string meetings;  ///< the run's MeetingFolder, for a run that comes after a kill
};

void write_scheduler_file(const std::filesystem::path& path, const SchedulerFile& scheduler);

/// nullopt when it is not there or not readable: no scheduler runs, as far as one can tell.
std::optional<SchedulerFile> read_scheduler_file(const std::filesystem::path& path);

/// "pid 4711 on node3", for messages.
std::string describe(const SchedulerFile& scheduler);

bool is_on_this_host(const SchedulerFile& scheduler);

/// False only when its host is this one and it is certain that the process is gone.
bool may_be_alive(const SchedulerFile& scheduler);

}  // namespace longtake
