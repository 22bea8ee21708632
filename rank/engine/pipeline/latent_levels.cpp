#include "rank/engine/pipeline/latent_levels.h"

#include <string>
#include <vector>

#include "jobs/error.h"

namespace longtake {
namespace {

at::Tensor block_view(const at::Tensor& clip_CFYX, std::int64_t block) {
  return clip_CFYX.narrow(1, block * kBlockLatentFrames, kBlockLatentFrames);
}

}  // namespace

void LatentLevels::put_clip(std::int64_t level, std::int64_t clip, const at::Tensor& latent_CFYX) {
  clips_[{level, clip}] = latent_CFYX.to(at::kCPU, at::kFloat);
}

void LatentLevels::put_block(std::int64_t level, std::int64_t clip, std::int64_t block,
                             const at::Tensor& latent_CFYX) {
  at::Tensor& whole = clips_[{level, clip}];
  if (!whole.defined()) {
    whole = at::zeros({shape_.channels, shape_.latent_frames(), shape_.height, shape_.width}, at::kFloat);
  }
  block_view(whole, block).copy_(latent_CFYX);
}

const at::Tensor& LatentLevels::clip_at(std::int64_t level, std::int64_t clip) const {
  const auto found = clips_.find({level, clip});
  if (found != clips_.end()) return found->second;
  throw Error(ErrorKind::Bug,
              "no latents of clip " + std::to_string(clip) + " after " + std::to_string(level) + " steps");
}

at::Tensor LatentLevels::block(std::int64_t level, std::int64_t clip, std::int64_t block) const {
  return block_view(clip_at(level, clip), block);
}

at::Tensor LatentLevels::joined(std::int64_t level, Interval clips) const {
  std::vector<at::Tensor> parts;
  for (std::int64_t clip = clips.begin; clip < clips.end; ++clip) parts.push_back(clip_at(level, clip));
  return at::cat(parts, 1);
}

}  // namespace longtake
