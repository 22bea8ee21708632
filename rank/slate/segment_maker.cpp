#include "rank/slate/segment_maker.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "jobs/clip_math.h"
#include "jobs/error.h"
#include "rank/slate/carry.h"
#include "rank/slate/slate.h"
#include "rank/slate/sound_level.h"
#include "rank/slate/typeface.h"
#include "storage/media/image.h"
#include "storage/media/segment_writer.h"
#include "storage/media/speech.h"
#include "storage/work_dir.h"

namespace longtake {
namespace {

std::string text_of(const FrameSize& size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

void check_order(const SegmentOrder& order) {
  const bool fits_film = 0 <= order.frames.begin && order.frames.end <= order.film_frames;
  if (!order.frames.is_empty() && fits_film && order.settings.infer_frames > 0) return;
  throw Error(ErrorKind::Bug, "cannot make frames " + text_of(order.frames) + " of a film of " +
                                  std::to_string(order.film_frames) + " frames in clips of " +
                                  std::to_string(order.settings.infer_frames));
}

void check_carry_in(const SegmentOrder& order) {
  if (order.carry_in.empty()) return;
  check_carry(order.carry_in, read_carry(order.carry_in), {order.identity, order.frames.begin});
}

RgbImage reference_of(const SegmentOrder& order) {
  RgbImage image = read_png(order.reference_image);
  if (image.size == order.size) return image;
  throw Error(ErrorKind::InvalidInput, "the reference image " + order.reference_image + " is " +
                                           text_of(image.size) + ", the film is " + text_of(order.size));
}

double level_of_frame(const SpeechFile& speech, std::int64_t frame) {
  std::array<float, kSamplesPerFrame> samples{};
  speech.read({frame * kSamplesPerFrame, (frame + 1) * kSamplesPerFrame}, samples.data());
  return sound_level_db(samples.data(), samples.size());
}

/// How long clips take.
class ClipPace {
 public:
  void on_clip() {
    const Clock::time_point now = Clock::now();
    slowest_ = std::max(slowest_, now - began_);
    began_ = now;
  }

  /// And for the commit, which reads the whole file back.
  bool has_time_for_another(std::optional<std::chrono::milliseconds> left) const {
    constexpr std::chrono::seconds kCommit{2};
    return !left || *left >= 2 * slowest_ + kCommit;
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point began_ = Clock::now();
  Clock::duration slowest_{0};
};

/// The order for the first of its clips only.
SegmentOrder cut_to(SegmentOrder order, Interval clips) {
  const std::filesystem::path folder = std::filesystem::path(order.segment).parent_path();
  order.clips = clips;
  order.frames = frames_of_clips(clips, order.settings.infer_frames, order.film_frames);
  order.segment = folder / segment_file_name(clips);
  order.carry_out = folder / carry_file_name(clips);
  return order;
}

PartMade commit(const SegmentOrder& order, SegmentWriter& writer, Interval cut_to) {
  write_carry(order.carry_out, {order.identity, order.frames.end});
  return {writer.commit(order.frames.length()), {}, cut_to};
}

}  // namespace

std::optional<PartMade> make_slate_segment(const SegmentOrder& order, const std::filesystem::path& font,
                                           const AfterFrame& after_frame) {
  check_order(order);
  check_carry_in(order);
  Slate slate(reference_of(order), {order.job, order.settings.infer_frames, order.film_frames},
              Typeface(font));
  const SpeechFile speech(order.speech, order.speech_samples);
  ClipPace pace;
  SegmentWriter writer(order.segment, {order.size, kFramesPerSecond, order.identity, writer_of(order.attempt),
                                       order.frames.length()});
  for (std::int64_t frame = order.frames.begin; frame < order.frames.end; ++frame) {
    writer.add(slate.draw(frame, level_of_frame(speech, frame)));
    const GoOn goes_on = after_frame(frame + 1 - order.frames.begin);
    if (!goes_on) return std::nullopt;
    if ((frame + 1) % order.settings.infer_frames != 0 || frame + 1 == order.frames.end) continue;
    pace.on_clip();
    if (pace.has_time_for_another(goes_on.time_left)) continue;
    const Interval clips = {order.clips.begin, (frame + 1) / order.settings.infer_frames};
    const SegmentOrder shorter = cut_to(order, clips);
    writer.rename(shorter.segment);
    return commit(shorter, writer, clips);
  }
  return commit(order, writer, {});
}

}  // namespace longtake
