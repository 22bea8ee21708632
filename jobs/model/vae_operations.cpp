#include "jobs/model/vae_operations.h"

#include "jobs/model/vae_levels.h"

namespace longtake {
namespace {

constexpr std::int64_t kCube = 27;   // 3 x 3 x 3: time, height, width
constexpr std::int64_t kSquare = 9;  // 3 x 3
constexpr std::int64_t kRgb = 3;

/// Multiplications for one pixel in a level's residual blocks, two convolutions each. The first takes `in`
/// channels.
std::int64_t of_residual_blocks(std::int64_t blocks, std::int64_t in, std::int64_t out) {
  const std::int64_t shortcut = in == out ? 0 : in * out;
  return kCube * (in * out + (2 * blocks - 1) * out * out) + shortcut;
}

/// From `level` to the next larger one, which has half the channels.
std::int64_t of_enlarging(const VaeShape& vae, FrameSize size, int level) {
  const std::int64_t channels = vae.channels(level);
  const bool doubles_time = vae.temporal_downsample[static_cast<std::size_t>(level) - 1];
  const std::int64_t in_time = doubles_time ? 3 * channels * 2 * channels : 0;
  const std::int64_t in_space = kSquare * channels * (channels / 2);
  return frames_at(vae, level) * pixels_at(size, level) * in_time +
         frames_at(vae, level - 1) * pixels_at(size, level - 1) * in_space;
}

/// The first convolution, and the middle: two residual blocks around an attention of 1 x 1 projections.
std::int64_t of_smallest_frame(const VaeShape& vae, FrameSize size) {
  const std::int64_t channels = vae.channels(vae.levels() - 1), pixels = pixels_at(size, vae.levels() - 1);
  const std::int64_t attention = 4 * channels * channels + 2 * pixels * channels;
  return pixels * (kCube * vae.z_dim * channels + of_residual_blocks(2, channels, channels) + attention);
}

}  // namespace

double decoding_operations(const VaeShape& vae, FrameSize size) {
  std::int64_t multiplications = of_smallest_frame(vae, size);
  std::int64_t in = vae.channels(vae.levels() - 1);
  for (int level = vae.levels() - 1; level >= 0; --level) {
    const std::int64_t out = vae.channels(level);
    multiplications +=
        frames_at(vae, level) * pixels_at(size, level) * of_residual_blocks(vae.num_res_blocks + 1, in, out);
    if (level > 0) multiplications += of_enlarging(vae, size, level);
    in = out / 2;
  }
  multiplications += frames_at(vae, 0) * pixels_at(size, 0) * kCube * vae.channels(0) * kRgb;
  return 2.0 * static_cast<double>(multiplications / frames_at(vae, 0));
}

}  // namespace longtake
