#include "jobs/model/vae_memory.h"

#include <algorithm>

#include "jobs/model/vae_levels.h"

namespace longtake {
namespace {

constexpr std::int64_t kKeptFrames = 2;

}  // namespace

std::int64_t vae_kept_numbers(const VaeShape& vae, FrameSize size) {
  const int last = vae.levels() - 1;
  std::int64_t channels = vae.channels(last);
  // conv1 and the two residual blocks in the middle.
  std::int64_t numbers = pixels_at(size, last) * (vae.z_dim + 4 * channels);
  for (int level = last; level >= 0; --level) {
    const std::int64_t out = vae.channels(level);
    const std::int64_t blocks = vae.num_res_blocks + 1;
    numbers += pixels_at(size, level) * (channels + (2 * blocks - 1) * out);
    if (level == 0) break;
    if (vae.temporal_downsample[static_cast<std::size_t>(level) - 1]) numbers += pixels_at(size, level) * out;
    channels = out / 2;
  }
  return kKeptFrames * (numbers + pixels_at(size, 0) * vae.channels(0));
}

std::int64_t vae_workspace_numbers(const VaeShape& vae, FrameSize size, bool joins_history) {
  std::int64_t most = 0;
  for (int level = vae.levels() - 1; level >= 0; --level) {
    const std::int64_t frames = frames_at(vae, level);
    const std::int64_t frame = pixels_at(size, level) * vae.channels(level);
    // A residual block's second convolution: the block's input, its own input and the kept frames before
    // it, and its output.
    std::int64_t tensors = 3 * frames + kKeptFrames;
    if (joins_history) tensors += frames;
    most = std::max(most, tensors * frame);
    if (level == 0) break;
    // Enlarging to the next level: the small frames, the large ones, and those with half the channels.
    const std::int64_t large = frames_at(vae, level - 1) * pixels_at(size, level - 1) * vae.channels(level);
    most = std::max(most, large / 4 + large + large / 2);
  }
  return most;
}

}  // namespace longtake
