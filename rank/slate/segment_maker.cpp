#include "rank/slate/segment_maker.h"

#include <array>
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

namespace longtake {
namespace {

std::string text_of(const FrameSize& size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

void check_order(const SegmentOrder& order) {
  const bool fits_film = 0 <= order.frames.begin && order.frames.end <= order.film_frames;
  if (!order.frames.is_empty() && fits_film && order.settings.infer_frames > 0) return;
  throw Error(ErrorKind::Bug, "cannot make frames [" + std::to_string(order.frames.begin) + ", " +
                                  std::to_string(order.frames.end) + ") of a film of " +
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

}  // namespace

std::optional<SegmentFacts> make_slate_segment(const SegmentOrder& order, const std::filesystem::path& font,
                                               const AfterFrame& after_frame) {
  check_order(order);
  check_carry_in(order);
  Slate slate(reference_of(order), {order.job, order.settings.infer_frames, order.film_frames},
              Typeface(font));
  const SpeechFile speech(order.speech, order.speech_samples);
  SegmentWriter writer(order.segment, {order.size, kFramesPerSecond, order.identity, writer_of(order.attempt),
                                       order.frames.length()});
  for (std::int64_t frame = order.frames.begin; frame < order.frames.end; ++frame) {
    writer.add(slate.draw(frame, level_of_frame(speech, frame)));
    if (!after_frame(frame + 1 - order.frames.begin)) return std::nullopt;
  }
  write_carry(order.carry_out, {order.identity, order.frames.end});
  return writer.commit(order.frames.length());
}

}  // namespace longtake
