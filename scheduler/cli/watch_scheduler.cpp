#include "scheduler/cli/watch_scheduler.h"

#include "jobs/wire/control_socket.h"
#include "storage/job_store.h"

namespace longtake {
namespace {

constexpr int kPatience_ms = 3000;

}  // namespace

std::optional<SchedulerFile> find_scheduler(const WorkDir& work_dir) {
  auto scheduler = read_scheduler_file(work_dir.scheduler_file());
  if (!scheduler || !may_be_alive(*scheduler)) return std::nullopt;
  return scheduler;
}

std::optional<SchedulerFile> find_living_scheduler(const WorkDir& work_dir) {
  auto scheduler = find_scheduler(work_dir);
  if (!scheduler || is_on_this_host(*scheduler)) return scheduler;
  if (!ask_scheduler(*scheduler, StatusAsked{}, kPatience_ms)) return std::nullopt;
  return scheduler;
}

std::optional<RunStatus> ask_scheduler(const SchedulerFile& scheduler, const WatcherRequest& request,
                                       int patience_ms) {
  ControlClient client(scheduler.address, "");
  client.send(encode(request));
  const auto answer = client.receive_within(patience_ms);
  if (!answer) return std::nullopt;
  return nlohmann::json::parse(*answer).get<RunStatus>();
}

RunStatus status_of_work_dir(const WorkDir& work_dir) {
  const auto scheduler = find_scheduler(work_dir);
  if (scheduler) {
    if (auto status = ask_scheduler(*scheduler, StatusAsked{}, kPatience_ms)) return *status;
  }
  try {
    return stored_status(JobStore::open_to_read(work_dir.database()));
  } catch (const Error& e) {
    if (!scheduler) throw;
    throw Error(ErrorKind::Io,
                "the scheduler (" + describe(*scheduler) + ") does not answer, and " + e.what());
  }
}

}  // namespace longtake
