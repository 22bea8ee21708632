#include "scheduler/film_report.h"

#include <algorithm>

#include "jobs/model/memory_model.h"
#include "scheduler/size_used.h"
#include "storage/work_dir.h"

namespace longtake {
namespace {

constexpr int kReportVersion = 1;

nlohmann::json frame_map_of(const StoredJob& job) {
  nlohmann::json map = nlohmann::json::array();
  for (std::size_t r = 0; r < job.ranges.size(); ++r) {
    for (const StoredSegment& segment : job.ranges[r].segments) {
      map.push_back({{"file", WorkDir("").segment(job.name, segment.clips).filename()},
                     {"range", r},
                     {"clips", segment.clips},
                     {"frames", frames_of_clips(segment.clips, job.infer_frames, job.film_frames)}});
    }
  }
  return map;
}

nlohmann::json joints_of(const JoinReport& join) {
  nlohmann::json joints = nlohmann::json::array();
  for (const Joint& joint : join.joints) {
    joints.push_back({{"frame", joint.frame},
                      {"between", joint.between_ranges ? "ranges" : "segments"},
                      {"seam_ratio", joint.seam_ratio}});
  }
  return joints;
}

nlohmann::json attempts_of(const AttemptSummary& attempts) {
  return {{"started", attempts.started}, {"finished", attempts.finished},
          {"failed", attempts.failed},   {"cancelled", attempts.cancelled},
          {"lost", attempts.lost},       {"faults_survived", attempts.messages}};
}

nlohmann::json attempt_of(const StoredAttempt& attempt) {
  return {{"attempt", attempt.id},
          {"run", attempt.epoch},
          {"group", attempt.group},
          {"ranks", attempt.ranks},
          {"host", attempt.host},
          {"state", attempt.state},
          {"error_kind", attempt.error_kind},
          {"message", attempt.message},
          {"started_at", attempt.started_at},
          {"ended_at", attempt.ended_at},
          {"seconds", attempt.seconds}};
}

/// The tries at every segment, in the order of the film.
nlohmann::json history_of(const std::vector<StoredAttempt>& attempts) {
  nlohmann::json history = nlohmann::json::array();
  const StoredAttempt* before = nullptr;
  for (const StoredAttempt& attempt : attempts) {
    if (before == nullptr || before->clips != attempt.clips) {
      history.push_back({{"clips", attempt.clips}, {"attempts", nlohmann::json::array()}});
    }
    history.back()["attempts"].push_back(attempt_of(attempt));
    before = &attempt;
  }
  return history;
}

}  // namespace

nlohmann::json make_film_report(const FilmReportInput& input) {
  const StoredJob& job = input.job;
  const double seconds = input.attempts.seconds;
  const double frames_per_second = seconds > 0 ? static_cast<double>(job.film_frames) / seconds : 0;
  return {{"version", kReportVersion},
          {"job", job.name},
          {"identity", job.identity},
          {"identity_of", nlohmann::json::parse(job.identity_of, nullptr, false)},
          {"engine", job.engine},
          {"film", job.output},
          {"bytes", input.join.bytes},
          {"frames", input.join.frames},
          {"frames_per_second_of_film", kFramesPerSecond},
          {"height", job.size.height},
          {"width", job.size.width},
          {"asked_height", asked_size_of(job).height},
          {"asked_width", asked_size_of(job).width},
          {"clips", job.clips},
          {"infer_frames", job.infer_frames},
          {"video_seconds", input.join.video_seconds},
          {"sound_seconds", input.join.sound_seconds},
          {"drift_ms", input.join.drift_ms},
          {"frame_map", frame_map_of(job)},
          {"joints", joints_of(input.join)},
          {"attempts", attempts_of(input.attempts)},
          {"history", history_of(input.history)},
          {"generation_seconds", seconds},
          {"join_seconds", input.join_seconds},
          {"frames_per_second", frames_per_second},
          {"gpu_hours", seconds * input.share.stages() / 3600},
          {"layout", description_of(input.share.layout)},
          {"precision", input.work.precision()},
          {"engines", input.work.engines(input.share)},
          {"peak_bytes_measured", std::max(input.attempts.peak_bytes, input.work.peak_bytes())},
          {"peak_bytes_predicted", peak_bytes(input.share.memory)},
          {"lip_sync", nullptr}};
}

}  // namespace longtake
