#include "storage/media/film_check.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <future>
#include <map>
#include <optional>
#include <thread>

#include "storage/media/track_input.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

constexpr std::int64_t kSeamFrames = 12;
constexpr std::int64_t kFramesAfterJoint = 4;
constexpr std::size_t kMostWorkers = 4;
constexpr std::size_t kBoundariesWorthAWorker = 8;
constexpr double kLeastDifference = 0.25;

[[noreturn]] void throw_bad_film(const std::filesystem::path& file, const std::string& why) {
  throw Error(ErrorKind::Io, "film " + file.string() + " did not verify: " + why);
}

/// The luma of one frame as the means of blocks of 8 x 8 pixels. A change that an eye follows moves the
/// means; the noise that a key frame codes anew averages out.
class BlockLuma {
 public:
  explicit BlockLuma(const AVFrame& frame) {
    const int columns = frame.width / kBlock;
    std::vector<std::int32_t> sums(static_cast<std::size_t>(columns));
    for (int y = 0; y + kBlock <= frame.height; y += kBlock) {
      std::fill(sums.begin(), sums.end(), 0);
      for (int row = y; row < y + kBlock; ++row) add_row(row_of(frame, row), sums);
      for (const std::int32_t sum : sums) means_.push_back(static_cast<float>(sum) / (kBlock * kBlock));
    }
  }

  double mean_difference(const BlockLuma& other) const {
    double sum = 0;
    for (std::size_t i = 0; i < means_.size(); ++i) sum += std::fabs(means_[i] - other.means_[i]);
    return sum / static_cast<double>(means_.size());
  }

 private:
  static constexpr int kBlock = 8;

  static const std::uint8_t* row_of(const AVFrame& frame, int y) {
    return frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0];
  }

  static void add_row(const std::uint8_t* pixels, std::vector<std::int32_t>& sums) {
    for (std::int32_t& sum : sums) {
      for (int x = 0; x < kBlock; ++x) sum += *pixels++;
    }
  }

  std::vector<float> means_;
};

/// What a stretch of the film decodes to.
struct DecodedStretch {
  std::map<std::int64_t, std::uint32_t> crcs;  ///< of the frames that were asked for
  std::map<std::int64_t, double> differences;  ///< mean luma difference of a frame to the one before it
};

class FilmProbe {
 public:
  explicit FilmProbe(const std::filesystem::path& file)
      : input_(file, TrackInput::Kind::Video), decoder_(input_.parameters(), file) {}

  /// Decodes from the key frame at or before frame `begin` up to and with frame `last`.
  DecodedStretch decode(std::int64_t begin, std::int64_t last, const std::vector<std::int64_t>& wanted) {
    DecodedStretch stretch;
    std::optional<BlockLuma> before;
    decoder_.restart();
    input_.seek_to_frame(begin);
    for (bool is_done = false; !is_done;) {
      const AVPacket* packet = input_.next_packet();
      decoder_.send(packet);
      is_done = packet == nullptr;
      while (const AVFrame* frame = decoder_.receive()) {
        const std::int64_t index = input_.frame_index(frame->pts);
        BlockLuma now(*frame);
        if (before) stretch.differences[index] = now.mean_difference(*before);
        before = std::move(now);
        if (std::find(wanted.begin(), wanted.end(), index) != wanted.end()) {
          stretch.crcs[index] = crc32_of_frame(*frame);
        }
        if (index >= last) is_done = true;
      }
    }
    return stretch;
  }

 private:
  TrackInput input_;
  FrameDecoder decoder_;
};

double seam_ratio(const std::map<std::int64_t, double>& differences, std::int64_t joint) {
  std::vector<double> others;
  for (const auto& [frame, difference] : differences) {
    if (frame != joint && std::abs(frame - joint) <= kSeamFrames) others.push_back(difference);
  }
  const auto at_joint = differences.find(joint);
  if (others.empty() || at_joint == differences.end()) return 1;
  const auto middle = others.begin() + static_cast<std::ptrdiff_t>(others.size() / 2);
  std::nth_element(others.begin(), middle, others.end());
  return std::max(at_joint->second, kLeastDifference) / std::max(*middle, kLeastDifference);
}

/// What the film shows where one segment ends and the next begins; the film's start and end count too.
struct BoundaryFinding {
  std::optional<BadSegment> bad;
  double seam_ratio = 1;
};

std::optional<BadSegment> frame_fault(const DecodedStretch& stretch, std::int64_t frame, std::size_t segment,
                                      std::uint32_t crc) {
  const auto decoded = stretch.crcs.find(frame);
  if (decoded != stretch.crcs.end() && decoded->second == crc) return std::nullopt;
  return BadSegment{
      segment, "frame " + std::to_string(frame) + " of the film does not decode to what the segment holds"};
}

/// Boundary `i` is before segment i; boundary segments.size() is the end of the film.
BoundaryFinding check_boundary(const JoinOrder& order, std::size_t i, FilmProbe& probe) {
  const std::vector<FilmSegment>& segments = order.segments;
  const bool is_start = i == 0;
  const bool is_end = i == segments.size();
  const std::int64_t frame = is_end ? order.film_frames : segments[i].frames.begin;
  const std::int64_t last = std::min(frame + kFramesAfterJoint, order.film_frames - 1);
  const DecodedStretch stretch =
      probe.decode(is_start ? 0 : frame - 1, is_start ? 0 : last, {frame - 1, frame});
  BoundaryFinding finding;
  if (!is_start) finding.bad = frame_fault(stretch, frame - 1, i - 1, segments[i - 1].facts.last_frame_crc);
  if (!is_end && !finding.bad)
    finding.bad = frame_fault(stretch, frame, i, segments[i].facts.first_frame_crc);
  finding.seam_ratio = seam_ratio(stretch.differences, frame);
  return finding;
}

/// Decoding takes most of the time of a check, and boundaries do not depend on each other.
std::vector<BoundaryFinding> check_boundaries(const JoinOrder& order, const std::filesystem::path& file) {
  std::vector<BoundaryFinding> findings(order.segments.size() + 1);
  const std::size_t workers =
      std::min({std::size_t{kMostWorkers}, std::size_t{std::max(1U, std::thread::hardware_concurrency())},
                1 + findings.size() / kBoundariesWorthAWorker});
  const auto check_every_nth = [&](std::size_t first) {
    FilmProbe probe(file);
    for (std::size_t i = first; i < findings.size(); i += workers)
      findings[i] = check_boundary(order, i, probe);
  };
  std::vector<std::future<void>> others;
  for (std::size_t w = 1; w < workers; ++w)
    others.push_back(std::async(std::launch::async, check_every_nth, w));
  check_every_nth(0);
  for (std::future<void>& other : others) other.get();
  return findings;
}

/// The joints' seam ratios go to `report`.
std::optional<BadSegment> check_frames(const JoinOrder& order, const std::filesystem::path& file,
                                       JoinReport& report) {
  const std::vector<BoundaryFinding> findings = check_boundaries(order, file);
  for (std::size_t i = 0; i < findings.size(); ++i) {
    if (findings[i].bad) return findings[i].bad;
    if (i == 0 || i == order.segments.size()) continue;
    const FilmSegment& next = order.segments[i];
    report.joints.push_back({next.frames.begin, next.begins_range, findings[i].seam_ratio});
  }
  return std::nullopt;
}

/// The index holds every frame once, frame i at i / 25 s.
void check_index(const JoinOrder& order, const std::filesystem::path& file, TrackInput& input) {
  AVStream& track = input.track();
  const int entries = avformat_index_get_entries_count(&track);
  if (entries != order.film_frames) {
    throw_bad_film(file,
                   "it has " + std::to_string(entries) + " frames of " + std::to_string(order.film_frames));
  }
  for (int i = 0; i < entries; ++i) {
    if (input.frame_index(avformat_index_get_entry(&track, i)->timestamp) != i) {
      throw_bad_film(file, "frame " + std::to_string(i) + " is not at its time");
    }
  }
}

double seconds_of(const AVStream& track) {
  const std::int64_t start = track.start_time == AV_NOPTS_VALUE ? 0 : track.start_time;
  return static_cast<double>(start + track.duration) * av_q2d(track.time_base);
}

void check_durations(const JoinOrder& order, const std::filesystem::path& file, TrackInput& input,
                     JoinReport& report) {
  report.video_seconds = seconds_of(input.track());
  for (unsigned i = 0; i < input.format().nb_streams; ++i) {
    const AVStream& track = *input.format().streams[i];
    if (track.codecpar->codec_type == AVMEDIA_TYPE_AUDIO) report.sound_seconds = seconds_of(track);
  }
  const double wanted = static_cast<double>(order.film_frames) / kFramesPerSecond;
  report.drift_ms = (report.video_seconds - wanted) * 1000;
  constexpr double kFrameSeconds = 1.0 / kFramesPerSecond;
  if (std::fabs(report.drift_ms) >= 0.001 || std::fabs(report.sound_seconds - wanted) > kFrameSeconds) {
    throw_bad_film(file, "its picture lasts " + std::to_string(report.video_seconds) + " s and its sound " +
                             std::to_string(report.sound_seconds) + " s, both should last " +
                             std::to_string(wanted) + " s");
  }
}

}  // namespace

JoinOutcome check_film(const JoinOrder& order, const std::filesystem::path& file) {
  JoinReport report;
  report.frames = order.film_frames;
  report.bytes = static_cast<std::int64_t>(std::filesystem::file_size(file));
  {
    TrackInput input(file, TrackInput::Kind::Video);
    check_index(order, file, input);
    check_durations(order, file, input, report);
  }
  if (auto bad = check_frames(order, file, report)) return *bad;
  return report;
}

}  // namespace longtake
