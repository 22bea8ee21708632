#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "jobs/clip_math.h"
#include "jobs/interval.h"
#include "jobs/segment.h"

namespace longtake {

struct FilmSegment {
  std::filesystem::path file;
  SegmentFacts facts;
  Interval frames;  ///< of the film
  bool begins_range = false;
};

struct JoinOrder {
  std::vector<FilmSegment> segments;  ///< in order, together [0, film_frames)
  std::filesystem::path sound;        ///< made by encode_sound for the same film_frames
  std::filesystem::path film;         ///< final name, MP4
  std::int64_t film_frames = 0;
  FrameSize size;
  std::string title;
};

/// Where two segments meet.
struct Joint {
  std::int64_t frame = 0;  ///< the first frame after it
  bool between_ranges = false;
  /// Mean absolute difference of the luma of 8 x 8 blocks between the two frames at the joint, over the
  /// median of the same between the other neighbours from 12 frames before it (or the key frame before
  /// it) to 4 after it. About 1: nothing to see. Differences count as at least 0.25 of 255 levels, which
  /// nobody sees: what a key frame codes anew in a still picture is no seam.
  double seam_ratio = 1;
};

struct JoinReport {
  std::int64_t frames = 0;
  std::int64_t bytes = 0;
  double video_seconds = 0;
  double sound_seconds = 0;
  double drift_ms = 0;  ///< how much longer the picture is than frames / 25 seconds
  std::vector<Joint> joints;
};

/// A segment that does not hold what its facts say; it must be made again. No film was written.
struct BadSegment {
  std::size_t index = 0;  ///< in JoinOrder::segments
  std::string why;
};

using JoinOutcome = std::variant<JoinReport, BadSegment>;

/// Told now and then how many frames have been copied.
using JoinProgress = std::function<void(std::int64_t frames)>;

/// Copies the packets of all segments and the sound into one MP4 file, without encoding again. Every
/// timestamp comes from the frame index: pts = dts = index / 25 s, exactly. Every segment's packets are
/// checked against its facts while they pass. The index is at the front of the file (its room is
/// reserved, so the film is written once) and sound starts at time 0 (edit list over the AAC priming).
/// Then the film is verified on the disk: frame count, every timestamp, durations, sound and picture
/// within one frame, first and last frame of every segment decode to what its facts hold. Only then is
/// it fsynced and renamed. Memory grows with the film's index only (about 60 bytes a packet).
/// Throws Error{Io} or Error{DiskFull} when sound or disk fail, Error{Bug} when the order has gaps.
JoinOutcome join_film(const JoinOrder& order, const JoinProgress& progress = {});

}  // namespace longtake
