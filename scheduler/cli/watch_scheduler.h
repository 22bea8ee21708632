#pragma once

#include <optional>
#include <string>

#include "jobs/messages.h"
#include "scheduler/run_status.h"
#include "scheduler/scheduler_file.h"
#include "storage/work_dir.h"

namespace longtake {

/// The scheduler that runs in the work directory, as far as its file and its process tell.
std::optional<SchedulerFile> find_scheduler(const WorkDir& work_dir);

/// The same, and one on another host has answered too: a node that lost its power leaves its file behind.
std::optional<SchedulerFile> find_living_scheduler(const WorkDir& work_dir);

/// Its answer to `request`; nullopt when it does not answer within `patience_ms`.
std::optional<RunStatus> ask_scheduler(const SchedulerFile& scheduler, const WatcherRequest& request,
                                       int patience_ms);

/// From the running scheduler, else from the database. Throws Error{InvalidInput} when there is neither.
RunStatus status_of_work_dir(const WorkDir& work_dir);

}  // namespace longtake
