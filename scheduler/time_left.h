#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "jobs/ids.h"

/// What fits into the rest of a run: values, no clock.
namespace longtake {

/// By when a run has to be over.
struct Deadline {
  std::int64_t at_ms = 0;  ///< since 1970
  std::string text;        ///< for people, in their time: "06:00"
};

/// The time in which a run may work.
struct WorkingTime {
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
};

/// A segment that could be started now.
struct SegmentEstimate {
  std::int64_t segment_ms = 0;
  std::int64_t clip_ms = 0;       ///< of it, one clip
  bool can_be_continued = false;  ///< what is made of it when time runs out is not lost
  bool is_measured = false;       ///< by segments of its job in this run, and not only planned
};

/// Whether there is any use in starting it now: it will be finished, or a later run of the same length could
/// not finish it either. Then it is begun when what is made of it now stays, or when that it cannot be
/// finished is only a plan's word: a run that believed it would never learn better.
bool is_worth_starting(const SegmentEstimate& segment, std::int64_t now_ms, const WorkingTime& time);

/// 0 when the speed is not known (0).
std::int64_t expected_ms(std::int64_t frames, double frames_per_second);

/// "45 s", "4 min 10 s", "2 h 05 min"
std::string rough_duration(std::int64_t duration_ms);

/// How fast groups made segments of a job in this run. Jobs go by any number that names them.
class MeasuredSpeeds {
 public:
  void add(std::size_t job, GroupId group, double frames_per_second);

  /// Of the group's latest segment of the job; when it has made none, of the latest one anywhere.
  std::optional<double> find(std::size_t job, GroupId group) const;

 private:
  std::map<std::pair<std::size_t, GroupId>, double> by_group_;
  std::map<std::size_t, double> latest_;
};

}  // namespace longtake
