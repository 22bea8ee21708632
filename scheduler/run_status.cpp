#include "scheduler/run_status.h"

#include "scheduler/size_used.h"

namespace longtake {

JobStatus status_of(const StoredJob& job) {
  JobStatus status;
  status.name = job.name;
  status.engine = job.engine;
  status.state = name_of(job.state);
  status.message = job.message;
  status.size = text_of(job.size);
  status.asked_size = text_of(asked_size_of(job));
  status.frames = job.film_frames;
  status.clips = job.clips;
  status.output = job.output;
  for (const StoredRange& range : job.ranges) {
    for (const StoredSegment& segment : range.segments) {
      ++status.segments;
      if (segment.state != SegmentState::Finished) continue;
      ++status.segments_done;
      status.clips_done += segment.clips.length();
      status.frames_done += segment.facts->frames;
    }
  }
  return status;
}

RunStatus stored_status(const JobStore& store) {
  RunStatus status;
  for (const StoredJob& job : store.load_jobs()) {
    status.jobs.push_back(status_of(job));
    // The row still says what the job was doing when its run ended.
    if (!is_final(job.state)) status.jobs.back().state = name_of(JobState::Pending);
  }
  constexpr int kEventsShown = 10;
  for (const StoredEvent& event : store.last_events("", kEventsShown)) {
    status.events.push_back({event.at, event.kind, event.job, event.text});
  }
  const auto run = store.newest_run();
  if (!run) return status;
  status.epoch = run->epoch.value;
  status.pid = run->pid;
  status.host = run->host;
  status.profile = run->profile;
  status.started_at = run->started_at;
  status.ended_at = run->ended_at;
  status.exit_code = run->exit_code.value_or(-1);
  status.message = run->exit_code ? run->message : "the last run was killed; run again to go on";
  return status;
}

}  // namespace longtake
