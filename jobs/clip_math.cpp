#include "jobs/clip_math.h"

#include <algorithm>
#include <cmath>

namespace longtake {
namespace {

int round_up(int length) { return (length + kSizeMultiple - 1) / kSizeMultiple * kSizeMultiple; }

int round_down(double length) { return static_cast<int>(length) / kSizeMultiple * kSizeMultiple; }

struct ScaleBounds {
  double smallest;
  double largest;
};

/// Scales between "both sides padded by a full multiple" and "no padding at all".
ScaleBounds scale_bounds(FrameSize image, double area) {
  const double pixels = static_cast<double>(image.height) * image.width;
  if (pixels <= area) return {0.1, 1.0};
  const double pad = kSizeMultiple - 1;
  const double b = pad * (image.height + image.width);
  const double c = pad * pad - area;
  return {(-b + std::sqrt(b * b - 2 * pixels * c)) / (2 * pixels), std::sqrt(area / pixels)};
}

std::optional<FrameSize> non_empty(FrameSize size) {
  if (size.height <= 0 || size.width <= 0) return std::nullopt;
  return size;
}

}  // namespace

std::int64_t frames_of_samples(std::int64_t samples) {
  return (samples + kSamplesPerFrame - 1) / kSamplesPerFrame;
}

std::int64_t clips_of_frames(std::int64_t frames, int infer_frames, std::optional<std::int64_t> num_clip) {
  const std::int64_t clips = (frames + infer_frames - 1) / infer_frames;
  return num_clip ? std::min(clips, *num_clip) : clips;
}

Interval frames_of_clips(Interval clips, int infer_frames, std::int64_t film_frames) {
  return {std::min(clips.begin * infer_frames, film_frames), std::min(clips.end * infer_frames, film_frames)};
}

std::optional<FrameSize> output_size(FrameSize image, std::int64_t area) {
  constexpr int kTrials = 100;
  const ScaleBounds bounds = scale_bounds(image, static_cast<double>(area));
  for (int trial = 0; trial < kTrials; ++trial) {
    const double scale = bounds.largest - (bounds.largest - bounds.smallest) * trial / kTrials;
    const FrameSize padded = {round_up(static_cast<int>(image.height * scale)),
                              round_up(static_cast<int>(image.width * scale))};
    if (std::int64_t{padded.height} * padded.width <= area) return non_empty(padded);
  }
  const double aspect = static_cast<double>(image.width) / image.height;
  const FrameSize fitted = {round_down(std::sqrt(static_cast<double>(area) / aspect)),
                            round_down(std::sqrt(static_cast<double>(area) * aspect))};
  if (fitted.width < image.width && fitted.height < image.height) return non_empty(fitted);
  return non_empty({round_down(image.height), round_down(image.width)});
}

}  // namespace longtake
