#pragma once

#include <ATen/ATen.h>

#include <cstdint>

/// All that is random in a film: pure functions of the job, whatever device or layout makes it.
namespace longtake {

/// Standard normal noise of one clip, float32 on the CPU, from a generator seeded by base_seed + clip.
at::Tensor clip_noise(std::int64_t base_seed, std::int64_t clip, at::IntArrayRef shape);

inline constexpr std::int64_t kNearestSink = 4;
inline constexpr std::int64_t kFarthestSink = 30;

/// How many latent frames ahead of a block its sink stands: in [4, 30]. The published program draws it in
/// every forward call; this is a hash.
std::int64_t sink_distance(std::int64_t base_seed, std::int64_t block, std::int64_t step);

}  // namespace longtake
