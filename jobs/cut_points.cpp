#include "jobs/cut_points.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "jobs/clip_math.h"

namespace longtake {
namespace {

/// Energy of the quarter second around a clip boundary: 12.5 windows on each side.
double energy_around(std::int64_t boundary, int infer_frames, const LoudnessCurve& loudness) {
  constexpr std::int64_t kWholeWindows = 12;
  constexpr std::int64_t kWindowsPerFrame = kLoudnessWindowsPerSecond / kFramesPerSecond;
  const std::int64_t centre = boundary * infer_frames * kWindowsPerFrame;
  const auto window = [&](std::int64_t index) {
    if (index < 0 || index >= static_cast<std::int64_t>(loudness.mean_square.size())) return 0.0;
    return static_cast<double>(loudness.mean_square[static_cast<std::size_t>(index)]);
  };
  double energy = (window(centre - kWholeWindows - 1) + window(centre + kWholeWindows)) / 2;
  for (std::int64_t i = centre - kWholeWindows; i < centre + kWholeWindows; ++i) energy += window(i);
  return energy;
}

struct CutSearch {
  double ideal;         ///< in clips
  Interval candidates;  ///< never empty
};

std::int64_t quietest(const CutSearch& search, int infer_frames, const LoudnessCurve& loudness) {
  const auto distance = [&](std::int64_t cut) { return std::abs(static_cast<double>(cut) - search.ideal); };
  std::int64_t best = search.candidates.begin;
  double best_energy = energy_around(best, infer_frames, loudness);
  for (std::int64_t cut = best + 1; cut < search.candidates.end; ++cut) {
    const double energy = energy_around(cut, infer_frames, loudness);
    if (energy > best_energy || (energy == best_energy && distance(cut) >= distance(best))) continue;
    best = cut;
    best_energy = energy;
  }
  return best;
}

}  // namespace

std::vector<Interval> split_into_ranges(std::int64_t clips, std::int64_t range_count, int infer_frames,
                                        const LoudnessCurve& loudness) {
  constexpr std::int64_t kRangesPerRadius = 20;
  constexpr std::int64_t kWidestRadius = 16;
  if (clips <= 0) return {};
  range_count = std::clamp<std::int64_t>(range_count, 1, clips);
  const std::int64_t radius =
      std::clamp<std::int64_t>(clips / range_count / kRangesPerRadius, 1, kWidestRadius);
  std::vector<Interval> ranges;
  std::int64_t begin = 0;
  for (std::int64_t i = 1; i < range_count; ++i) {
    const double ideal =
        static_cast<double>(clips) * static_cast<double>(i) / static_cast<double>(range_count);
    const std::int64_t nearest = std::llround(ideal);
    // One clip at least for this range and for each that follows.
    const std::int64_t first = begin + 1;
    const std::int64_t last = clips - (range_count - i);
    const Interval candidates = {std::clamp(nearest - radius, first, last),
                                 std::clamp(nearest + radius, first, last) + 1};
    const std::int64_t cut = quietest({ideal, candidates}, infer_frames, loudness);
    ranges.push_back({begin, cut});
    begin = cut;
  }
  ranges.push_back({begin, clips});
  return ranges;
}

std::vector<Interval> cut_into_segments(Interval range, int segment_clips) {
  std::vector<Interval> segments;
  for (std::int64_t begin = range.begin; begin < range.end; begin += segment_clips) {
    segments.push_back({begin, std::min(begin + segment_clips, range.end)});
  }
  return segments;
}

int segment_clips_for(double frames_per_second, int infer_frames) {
  constexpr double kSegment_s = 240;
  constexpr double kFewest = 8;
  constexpr double kMost = 64;
  return static_cast<int>(
      std::clamp(std::round(kSegment_s * frames_per_second / infer_frames), kFewest, kMost));
}

int avatar_segment_clips(const JobSettings& settings) {
  return settings.segment_clips.value_or(kAvatarSegmentClips);
}

std::int64_t range_count_for(const RangeDemand& demand) {
  if (demand.continuity == Continuity::Chained) return 1;
  const std::int64_t most = std::clamp<std::int64_t>(
      demand.groups, 1, std::max<std::int64_t>(1, demand.clips / kFewestClipsOfRange));
  if (demand.continuity == Continuity::Parallel) return most;
  const std::int64_t night_clips = demand.night_clips > 0 ? demand.night_clips : demand.jobs * demand.clips;
  if (night_clips <= 0) return 1;
  const double share = static_cast<double>(night_clips) / std::max(1, demand.groups);
  const double shares = static_cast<double>(demand.clips) / share;
  if (demand.jobs >= demand.groups && shares <= 2) return 1;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(2 * shares)), 1, most);
}

}  // namespace longtake
