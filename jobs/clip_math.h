#pragma once

#include <cstdint>
#include <optional>

#include "jobs/interval.h"

namespace longtake {

inline constexpr int kFramesPerSecond = 25;
inline constexpr int kSpeechSampleRate = 16000;
inline constexpr int kSamplesPerFrame = kSpeechSampleRate / kFramesPerSecond;  // 640
/// Height and width of every film are multiples of this (VAE stride 8 x patch 2 x 4).
inline constexpr int kSizeMultiple = 64;

struct FrameSize {
  int height = 0;
  int width = 0;
  friend bool operator==(const FrameSize& a, const FrameSize& b) {
    return a.height == b.height && a.width == b.width;
  }
};

/// F = ceil(seconds * 25) for `samples` at 16 kHz.
std::int64_t frames_of_samples(std::int64_t samples);

/// N = ceil(F / infer_frames), or `num_clip` when that is less.
std::int64_t clips_of_frames(std::int64_t frames, int infer_frames, std::optional<std::int64_t> num_clip);

/// The frames of `clips` in a film of `film_frames`; the last clip may be short.
Interval frames_of_clips(Interval clips, int infer_frames, std::int64_t film_frames);

/// Height and width of the film for an image of `image` pixels and a size given as an area: multiples
/// of 64 with the image's aspect, at most `area` pixels, never more than the image rounded up to 64.
/// The search is that of the published pipeline (Wan2.2 S2V, get_size_less_than_area), so that both
/// give the same size. nullopt when no such size exists (the image is too long and thin for the area).
std::optional<FrameSize> output_size(FrameSize image, std::int64_t area);

}  // namespace longtake
