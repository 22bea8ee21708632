#pragma once

#include <ATen/ATen.h>

#include <map>
#include <utility>

#include "jobs/interval.h"
#include "rank/engine/pipeline/clip_shape.h"

// C channels, F latent frames, Y latent rows, X latent columns
namespace longtake {

/// Latents of clips by how many steps they have gone through: level 0 is noise, level s entered step s. They
/// are float32 and wait in the host's memory: those of a long segment would not be small on a device.
class LatentLevels {
 public:
  explicit LatentLevels(const ClipShape& shape) : shape_(shape) {}

  /// [C, F, Y, X] of a whole clip.
  void put_clip(std::int64_t level, std::int64_t clip, const at::Tensor& latent_CFYX);
  void put_block(std::int64_t level, std::int64_t clip, std::int64_t block, const at::Tensor& latent_CFYX);
  void drop(std::int64_t level, std::int64_t clip) { clips_.erase({level, clip}); }

  using Place = std::pair<std::int64_t, std::int64_t>;  ///< level and clip
  const std::map<Place, at::Tensor>& clips() const { return clips_; }

  /// A view. Throws Error{Bug} when the clip is not there.
  at::Tensor block(std::int64_t level, std::int64_t clip, std::int64_t block) const;

  /// Copies of consecutive clips, one behind the other: [C, F of all, Y, X].
  at::Tensor joined(std::int64_t level, Interval clips) const;

 private:
  const at::Tensor& clip_at(std::int64_t level, std::int64_t clip) const;

  ClipShape shape_;
  std::map<Place, at::Tensor> clips_;
};

}  // namespace longtake
