#include "scheduler/time_left.h"

#include <cmath>
#include <cstdio>

namespace longtake {
namespace {

/// What is begun only to be kept, or to be measured, gets more time than a clip: an engine that ended early
/// because nothing more fitted would else be given the rest of its segment again and again.
constexpr std::int64_t kRoomToBegin_ms = 10'000;

}  // namespace

bool is_worth_starting(const SegmentEstimate& segment, std::int64_t now_ms, const WorkingTime& time) {
  const std::int64_t left_ms = time.end_ms - now_ms;
  if (left_ms <= 0) return false;
  if (segment.segment_ms <= left_ms) return true;
  const bool can_ever_be_finished = segment.segment_ms <= time.end_ms - time.begin_ms;
  if (can_ever_be_finished || segment.clip_ms + kRoomToBegin_ms > left_ms) return false;
  return segment.can_be_continued || !segment.is_measured;
}

std::int64_t expected_ms(std::int64_t frames, double frames_per_second) {
  if (frames_per_second <= 0) return 0;
  return std::llround(static_cast<double>(frames) * 1000.0 / frames_per_second);
}

std::string rough_duration(std::int64_t duration_ms) {
  const auto seconds = static_cast<long long>((duration_ms + 999) / 1000);
  char text[64];
  if (seconds < 60) {
    std::snprintf(text, sizeof text, "%lld s", seconds);
  } else if (seconds < 3600) {
    std::snprintf(text, sizeof text, "%lld min %02lld s", seconds / 60, seconds % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld h %02lld min", seconds / 3600, seconds / 60 % 60);
  }
  return text;
}

void MeasuredSpeeds::add(std::size_t job, GroupId group, double frames_per_second) {
  by_group_[{job, group}] = frames_per_second;
  latest_[job] = frames_per_second;
}

std::optional<double> MeasuredSpeeds::find(std::size_t job, GroupId group) const {
  const auto own = by_group_.find({job, group});
  if (own != by_group_.end()) return own->second;
  const auto any = latest_.find(job);
  if (any != latest_.end()) return any->second;
  return std::nullopt;
}

}  // namespace longtake
