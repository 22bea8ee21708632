#pragma once

#include <cstdint>

#include "jobs/clip_math.h"
#include "jobs/model/model_shape.h"

/// The resolutions that a decoder of videos goes through: level 0 is that of the film, each further one
/// halves height and width, the last is that of the latents.
namespace longtake {

std::int64_t pixels_at(FrameSize size, int level);

/// Frames that one latent frame has become at this level.
std::int64_t frames_at(const VaeShape& vae, int level);

}  // namespace longtake
