#pragma once

#include <cstdint>

#include "jobs/clip_math.h"
#include "rank/engine/transformer/token_grid.h"

namespace longtake {

/// Latent frames that one forward pass denoises.
inline constexpr std::int64_t kBlockLatentFrames = 3;
/// Video frames of a latent frame.
inline constexpr std::int64_t kFramesPerLatentFrame = 4;
inline constexpr std::int64_t kBlockFrames = kBlockLatentFrames * kFramesPerLatentFrame;

/// A clip as latents: [channels, latent_frames(), height, width].
struct ClipShape {
  std::int64_t blocks = 0;
  std::int64_t channels = 0;
  std::int64_t height = 0;  ///< latent rows
  std::int64_t width = 0;   ///< latent columns

  std::int64_t latent_frames() const { return blocks * kBlockLatentFrames; }
  std::int64_t frames() const { return blocks * kBlockFrames; }
  TokenGrid block_grid() const { return token_grid(kBlockLatentFrames, height, width); }
};

/// Throws Error{InvalidInput} when a clip of `infer_frames` is not whole blocks.
ClipShape clip_shape(int infer_frames, FrameSize size, std::int64_t channels, std::int64_t spatial_stride);

}  // namespace longtake
