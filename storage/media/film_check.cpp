#include "storage/media/film_check.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>

#include "storage/media/track_input.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace longtake {
namespace {

constexpr std::int64_t kSeamFrames = 12;
constexpr double kLeastDifference = 0.01;

[[noreturn]] void throw_bad_film(const std::filesystem::path& file, const std::string& why) {
  throw Error(ErrorKind::Io, "film " + file.string() + " did not verify: " + why);
}

/// The luma of one frame, kept to compare it with the next.
class Luma {
 public:
  void keep(const AVFrame& frame) {
    const auto width = static_cast<std::size_t>(frame.width);
    pixels_.resize(width * static_cast<std::size_t>(frame.height));
    for (int y = 0; y < frame.height; ++y) {
      std::copy_n(row_of(frame, y), width, pixels_.data() + static_cast<std::size_t>(y) * width);
    }
  }

  bool is_empty() const { return pixels_.empty(); }
  void clear() { pixels_.clear(); }

  double mean_difference(const AVFrame& frame) const {
    const auto width = static_cast<std::size_t>(frame.width);
    std::int64_t sum = 0;
    for (int y = 0; y < frame.height; ++y) {
      const std::uint8_t* now = row_of(frame, y);
      const std::uint8_t* before = pixels_.data() + static_cast<std::size_t>(y) * width;
      std::int32_t row_sum = 0;
      for (std::size_t x = 0; x < width; ++x) row_sum += std::abs(now[x] - before[x]);
      sum += row_sum;
    }
    return static_cast<double>(sum) / static_cast<double>(pixels_.size());
  }

 private:
  static const std::uint8_t* row_of(const AVFrame& frame, int y) {
    return frame.data[0] + static_cast<std::ptrdiff_t>(y) * frame.linesize[0];
  }

  std::vector<std::uint8_t> pixels_;
};

/// What a stretch of the film decodes to.
struct DecodedStretch {
  std::map<std::int64_t, std::uint32_t> crcs;  ///< of the frames that were asked for
  std::map<std::int64_t, double> differences;  ///< mean luma difference of a frame to the one before it
};

class FilmProbe {
 public:
  explicit FilmProbe(const std::filesystem::path& file)
      : input_(file, TrackInput::Kind::Video), decoder_(*input_.track().codecpar, file) {}

  TrackInput& input() { return input_; }

  /// Decodes from the key frame at or before frame `begin` up to and with frame `last`.
  DecodedStretch decode(std::int64_t begin, std::int64_t last, const std::vector<std::int64_t>& wanted) {
    DecodedStretch stretch;
    Luma before;
    decoder_.restart();
    input_.seek_to_frame(begin);
    for (bool is_done = false; !is_done;) {
      const AVPacket* packet = input_.next_packet();
      decoder_.send(packet);
      is_done = packet == nullptr;
      while (const AVFrame* frame = decoder_.receive()) {
        const std::int64_t index = input_.frame_index(frame->pts);
        if (!before.is_empty()) stretch.differences[index] = before.mean_difference(*frame);
        before.keep(*frame);
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

std::optional<std::string> frame_fault(const DecodedStretch& stretch, std::int64_t frame, std::uint32_t crc) {
  const auto decoded = stretch.crcs.find(frame);
  if (decoded != stretch.crcs.end() && decoded->second == crc) return std::nullopt;
  return "frame " + std::to_string(frame) + " of the film does not decode to what the segment holds";
}

/// Decodes around every joint and at both ends; the joints' seam ratios go to `report`.
std::optional<BadSegment> check_frames(const JoinOrder& order, FilmProbe& probe, JoinReport& report) {
  const std::vector<FilmSegment>& segments = order.segments;
  const std::int64_t last_frame = order.film_frames - 1;
  const DecodedStretch start = probe.decode(0, 0, {0});
  if (auto why = frame_fault(start, 0, segments.front().facts.first_frame_crc)) return BadSegment{0, *why};
  for (std::size_t i = 1; i < segments.size(); ++i) {
    const std::int64_t joint = segments[i].frames.begin;
    const DecodedStretch stretch =
        probe.decode(joint - 1, std::min(joint + kSeamFrames, last_frame), {joint - 1, joint});
    if (auto why = frame_fault(stretch, joint - 1, segments[i - 1].facts.last_frame_crc)) {
      return BadSegment{i - 1, *why};
    }
    if (auto why = frame_fault(stretch, joint, segments[i].facts.first_frame_crc)) return BadSegment{i, *why};
    report.joints.push_back({joint, segments[i].begins_range, seam_ratio(stretch.differences, joint)});
  }
  const DecodedStretch end = probe.decode(last_frame, last_frame, {last_frame});
  if (auto why = frame_fault(end, last_frame, segments.back().facts.last_frame_crc)) {
    return BadSegment{segments.size() - 1, *why};
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
  FilmProbe probe(file);
  JoinReport report;
  report.frames = order.film_frames;
  report.bytes = static_cast<std::int64_t>(std::filesystem::file_size(file));
  check_index(order, file, probe.input());
  check_durations(order, file, probe.input(), report);
  if (auto bad = check_frames(order, probe, report)) return *bad;
  return report;
}

}  // namespace longtake
