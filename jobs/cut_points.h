#pragma once

#include <cstdint>
#include <vector>

#include "jobs/interval.h"
#include "jobs/job_settings.h"

/// Where a film is cut into ranges, and ranges into segments. Pure; docs/ARCHITECTURE.md says what for.
namespace longtake {

inline constexpr int kLoudnessWindowsPerSecond = 100;

/// How loud the trimmed recording is, for finding its pauses.
struct LoudnessCurve {
  std::vector<float> mean_square;  ///< one per 10 ms window; beyond the end it is silent
};

/// The clips [0, clips) as `range_count` ranges in order, none empty (fewer when there are fewer
/// clips). Near each ideal cut the clip boundary is taken whose surrounding quarter second is
/// quietest; of equally quiet ones the nearest to the ideal. "Near" is a twentieth of a range, at
/// least one clip and at most 16, so that the ranges stay balanced.
std::vector<Interval> split_into_ranges(std::int64_t clips, std::int64_t range_count, int infer_frames,
                                        const LoudnessCurve& loudness);

/// Segments of `segment_clips` clips from the beginning of `range`; the last one takes what is left.
std::vector<Interval> cut_into_segments(Interval range, int segment_clips);

/// Clips of a segment that takes about four minutes at the predicted speed: 8 to 64.
int segment_clips_for(double frames_per_second, int infer_frames);

/// The same for films of the model when nothing else is asked for. The window of attention is filled anew at
/// every segment's beginning, so the number decides about pixels and must depend neither on the machine nor
/// on how many ranks there are: 20 clips of 48 frames are 38 s of film, about four minutes at the 3.7
/// frames/s that the published program makes on one GPU.
inline constexpr int kAvatarSegmentClips = 20;
int avatar_segment_clips(const JobSettings& settings);

/// A range shorter than this spends too much of its time on its lead-in.
inline constexpr std::int64_t kFewestClipsOfRange = 8;

/// What decides into how many ranges a job is split.
struct RangeDemand {
  Continuity continuity = Continuity::Auto;
  int jobs = 1;    ///< of the whole night
  int groups = 1;  ///< that will work on them
  std::int64_t clips = 0;
  std::int64_t night_clips = 0;  ///< of all jobs; 0: each has as many as this one
};

/// 1 for chained; for parallel as many as there are groups, as long as each range has
/// kFewestClipsOfRange. Auto keeps a film whole when there are as many jobs as groups, unless it alone has
/// more than twice what a group has to make in the night; else no range has more than half of that
/// (docs/decisions/0022-ranges-by-the-night.md).
std::int64_t range_count_for(const RangeDemand& demand);

}  // namespace longtake
