#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "jobs/interval.h"
#include "storage/job_store.h"

/// What `longtake status` shows, whether a scheduler answers or the database is read.
namespace longtake {

struct JobStatus {
  std::string name;
  std::string engine;
  std::string state;
  std::string message;
  std::string size;              ///< "704*384", as it is made
  std::string asked_size;        ///< another one when there was too little memory for it
  std::int64_t frames_done = 0;  ///< of finished segments, and of running ones as reported
  std::int64_t frames = 0;
  std::int64_t clips_done = 0;  ///< of finished segments
  std::int64_t clips = 0;
  std::int64_t segments_done = 0;
  std::int64_t segments = 0;
  double frames_per_second = 0;  ///< over the last minute
  double eta_s = -1;             ///< -1: not known
  std::string output;
};

struct GroupStatus {
  std::int64_t group = 0;
  std::vector<std::int64_t> ranks;
  std::string host;
  std::string state;  ///< waiting, idle, busy, lost, blocked
  std::string job;    ///< of the running attempt
  Interval clips;
  std::int64_t frames_done = 0;
  std::int64_t frames = 0;
};

struct EventStatus {
  std::string at;
  std::string kind;
  std::string job;
  std::string text;
};

struct RunStatus {
  bool is_running = false;
  bool is_draining = false;
  std::string paused;  ///< why nothing is started; empty: it is not paused
  std::int64_t epoch = 0;
  int pid = 0;
  std::string host;
  std::string profile;
  std::string started_at;
  std::string ended_at;
  int exit_code = -1;  ///< of the last run; -1: running, or killed
  std::string message;
  double frames_per_second = 0;
  double eta_s = -1;
  std::vector<JobStatus> jobs;
  std::vector<GroupStatus> groups;
  std::vector<EventStatus> events;  ///< newest last
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(JobStatus, name, engine, state, message, size, asked_size, frames_done,
                                   frames, clips_done, clips, segments_done, segments, frames_per_second,
                                   eta_s, output)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GroupStatus, group, ranks, host, state, job, clips, frames_done, frames)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EventStatus, at, kind, job, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunStatus, is_running, is_draining, paused, epoch, pid, host, profile,
                                   started_at, ended_at, exit_code, message, frames_per_second, eta_s, jobs,
                                   groups, events)

/// The status of a work directory nobody runs in: a job that is not done or failed is pending.
RunStatus stored_status(const JobStore& store);

/// Counts of finished segments and frames into a status with the job's name, engine, state and sizes.
JobStatus status_of(const StoredJob& job);

}  // namespace longtake
