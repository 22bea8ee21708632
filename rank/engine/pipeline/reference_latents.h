#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "jobs/clip_math.h"
#include "rank/engine/vae/vae_encoder.h"

// C channels, F latent frames, Y latent rows, X latent columns
namespace longtake {

/// The reference image as the transformer sees it.
struct ReferenceLatents {
  at::Tensor reference_CFYX;  ///< one latent frame
  at::Tensor motion_CFYX;     ///< as many as the sink packs
};

/// The published program encodes a video of the image at rest: the reference is its second latent frame,
/// the motion latents the last ones of 365 frames. Encoding stops as soon as the encoder has come to rest
/// too: from then on every latent frame is the same. `rgb`: height x width x 3 bytes of `size`.
ReferenceLatents encode_reference(const VaeEncoder& encoder, const std::vector<std::uint8_t>& rgb,
                                  FrameSize size);

}  // namespace longtake
