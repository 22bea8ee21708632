#include "scheduler/explain.h"

#include <algorithm>

#include "jobs/error.h"
#include "scheduler/failure_advice.h"

namespace longtake {
namespace {

const JobStatus& find_job(const RunStatus& status, const std::string& name) {
  std::string known;
  for (const JobStatus& job : status.jobs) {
    if (job.name == name) return job;
    known += (known.empty() ? "" : ", ") + job.name;
  }
  throw Error(ErrorKind::InvalidInput, "no job '" + name + "' in this work directory; it holds " +
                                           (known.empty() ? "no jobs" : known));
}

std::string progress_of(const JobStatus& job) {
  return std::to_string(job.frames_done) + " of " + std::to_string(job.frames) + " frames";
}

/// "" for a message that tells of nothing wrong.
std::string advice_text(const std::string& message) {
  const auto advice = advice_on(message);
  return advice ? " " + advice->cause + " " + advice->remedy : "";
}

/// The newest event of the job, and what it means.
std::string last_word_about(const RunStatus& status, const std::string& job) {
  const auto it = std::find_if(status.events.rbegin(), status.events.rend(),
                               [&](const EventStatus& event) { return event.job == job; });
  if (it == status.events.rend()) return "";
  return " The last event: " + it->text + "." + advice_text(it->text);
}

std::string explain_waiting(const RunStatus& status, const JobStatus& job) {
  if (status.is_draining) return "is not started because the run is draining; run again to go on.";
  if (!status.paused.empty()) return "waits: " + status.paused + "; make room and the run goes on by itself.";
  std::int64_t busy = 0;
  for (const GroupStatus& group : status.groups) {
    if (group.job == job.name) {
      return "is running: " + progress_of(job) + " on rank " + std::to_string(group.ranks.front()) + ".";
    }
    busy += group.state == "busy" ? 1 : 0;
  }
  if (busy > 0) {
    return "waits for a free group: all " + std::to_string(busy) +
           " working groups are busy with jobs of higher priority or longer chains.";
  }
  return "waits for ranks: none of the " + std::to_string(status.groups.size()) + " groups is ready yet.";
}

std::string explain_stopped(const RunStatus& status, const JobStatus& job) {
  if (status.exit_code < 0) {
    return "is not finished (" + progress_of(job) + ") because its run was killed; run again to go on.";
  }
  if (status.exit_code == 0) return "is not finished (" + progress_of(job) + "); run again to go on.";
  const bool says_how = status.message.find("run again") != std::string::npos;
  return "is not finished (" + progress_of(job) + "): the last run ended with: " + status.message +
         (says_how ? "." : "; run again to go on.") + advice_text(status.message);
}

std::string explain_size(const JobStatus& job) {
  if (job.size == job.asked_size) return "";
  return " It is made at " + job.size + " because there was too little memory for the " + job.asked_size +
         " asked for (on_oom: smaller_size).";
}

std::string explain_state(const RunStatus& status, const JobStatus& job) {
  const std::string& name = job.name;
  if (job.state == "done") return name + " is done: " + job.output;
  if (job.state == "failed") return name + " failed: " + job.message + "." + advice_text(job.message);
  if (!status.is_running) return name + " " + explain_stopped(status, job) + last_word_about(status, name);
  if (job.state == "joining") return name + " is being joined: all its segments are made.";
  return name + " " + explain_waiting(status, job) + last_word_about(status, name);
}

}  // namespace

std::string explain(const RunStatus& status, const std::string& name) {
  const JobStatus& job = find_job(status, name);
  return explain_state(status, job) + explain_size(job);
}

}  // namespace longtake
