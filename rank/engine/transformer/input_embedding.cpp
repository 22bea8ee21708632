#include "rank/engine/transformer/input_embedding.h"

#include <algorithm>

#include "rank/engine/transformer/patches.h"
#include "rank/engine/transformer/token_grid.h"

namespace longtake {
namespace {

constexpr PatchSize kBlockPatch = {1, kPatch, kPatch};

PatchSize patch_of(const MotionBucket& bucket) {
  return {bucket.depth, kPatch * bucket.coarseness, kPatch * bucket.coarseness};
}

Linear take_patches(const Weights& weights, const std::string& name, std::int64_t channels,
                    std::int64_t width, const PatchSize& size) {
  return take_linear(weights, name, channels, width, size);
}

/// Exactly kMotionLatentFrames: the latest ones, zeros before the first.
at::Tensor padded(const at::Tensor& motion_CFYX) {
  const std::int64_t frames = std::min(motion_CFYX.size(1), kMotionLatentFrames);
  const at::Tensor latest = motion_CFYX.narrow(1, motion_CFYX.size(1) - frames, frames);
  return at::constant_pad_nd(latest, {0, 0, 0, 0, kMotionLatentFrames - frames, 0});
}

}  // namespace

InputEmbedding::InputEmbedding(const TransformerConfig& config, const Weights& weights)
    : patch_(take_patches(weights, "patch_embedding", config.latent_channels, config.dim, kBlockPatch)),
      pose_(take_patches(weights, "cond_encoder", config.pose_channels, config.dim, kBlockPatch)),
      kinds_KD_(weights.take("trainable_cond_mask.weight", {3, config.dim})) {
  const char* names[] = {"frame_packer.proj", "frame_packer.proj_2x", "frame_packer.proj_4x"};
  for (std::size_t i = 0; i < std::size(kMotionBuckets); ++i) {
    motion_.push_back(
        take_patches(weights, names[i], config.latent_channels, config.dim, patch_of(kMotionBuckets[i])));
  }
}

at::Tensor InputEmbedding::block_LD(const at::Tensor& latent_CFYX,
                                    const std::optional<at::Tensor>& pose_CFYX) const {
  const auto type = kinds_KD_.scalar_type();
  at::Tensor tokens_LD = patch_(patches_TP(latent_CFYX.to(type), kBlockPatch));
  tokens_LD += pose_CFYX ? pose_(patches_TP(pose_CFYX->to(type), kBlockPatch)) : pose_.bias_O;
  return (tokens_LD += kind_D(kNoisy)).to(at::kFloat);
}

at::Tensor InputEmbedding::sink_SD(const at::Tensor& reference_CFYX, const at::Tensor& motion_CFYX) const {
  const auto type = kinds_KD_.scalar_type();
  std::vector<at::Tensor> tokens = {
      patch_(patches_TP(reference_CFYX.to(type), kBlockPatch)).add_(kind_D(kReference))};
  const at::Tensor motion = padded(motion_CFYX.to(type));
  std::int64_t end = kMotionLatentFrames;
  for (std::size_t i = 0; i < motion_.size(); ++i) {
    const MotionBucket& bucket = kMotionBuckets[i];
    end -= bucket.frames;
    const at::Tensor frames = motion.narrow(1, end, bucket.frames);
    tokens.push_back(motion_[i](patches_TP(frames, patch_of(bucket))).add_(kind_D(kMotion)));
  }
  return at::cat(tokens).to(at::kFloat);
}

}  // namespace longtake
