#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "rank/engine/vae/frame_layers.h"
#include "rank/engine/vae/resample.h"
#include "rank/engine/vae/vae_config.h"
#include "rank/engine/vae/vae_stream.h"
#include "rank/engine/weights/weights.h"

namespace longtake {

/// Frames to latents: the encoder half of the Wan 2.1 causal VAE, with the weight names of
/// Wan2.1_VAE.pth. Immutable: one encoder may serve several streams.
class VaeEncoder {
 public:
  /// Takes conv1 and encoder.* of `checkpoint`. Throws Error{InvalidInput} naming a tensor of these that
  /// is missing or mis-shaped, and one that belongs to neither decoder nor encoder.
  VaeEncoder(const VaeConfig& config, const Weights& checkpoint);

  /// `frames`: [1, 3, T, H, W] in -1 to 1, H and W multiples of 8, T = 4 n or, for a new stream, 1 + 4 n
  /// (an image is T = 1); 8 and 4 as published. Returns the normalised means [1, z_dim, latents, H / 8,
  /// W / 8] in float32. Works through 4 frames after the other, so beyond the result it needs the same
  /// memory for any T. Throws Error{InvalidInput} for another shape.
  at::Tensor encode(VaeStream& stream, const at::Tensor& frames_BCTHW) const;

 private:
  struct Level {
    std::vector<ResidualBlock> blocks;
    std::vector<Downsample> downsample;  ///< one, none at the lowest resolution
  };

  VaeEncoder(const VaeConfig& config, const Weights& checkpoint, const Weights& encoder);
  Level make_level(const Weights& weights, int level, int& layer, std::int64_t& channels) const;
  void check_frames(const VaeStream& stream, const at::Tensor& frames_BCTHW) const;
  at::Tensor encode_chunk(VaeStream& stream, const at::Tensor& frames_TCHW) const;

  VaeConfig config_;
  at::Tensor mean_C11_;
  at::Tensor std_C11_;
  CausalConv conv_in_;
  std::vector<Level> levels_;  ///< full resolution first
  MiddleBlocks middle_;
  Head head_;
  FrameConv to_latent_;
};

}  // namespace longtake
