#include "jobs/model/vae_levels.h"

namespace longtake {

std::int64_t pixels_at(FrameSize size, int level) {
  return (std::int64_t{size.height} >> level) * (std::int64_t{size.width} >> level);
}

std::int64_t frames_at(const VaeShape& vae, int level) {
  std::int64_t frames = 1;
  for (int below = vae.levels() - 1; below > level; --below) {
    if (vae.temporal_downsample[static_cast<std::size_t>(below) - 1]) frames *= 2;
  }
  return frames;
}

}  // namespace longtake
