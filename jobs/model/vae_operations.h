#pragma once

#include "jobs/clip_math.h"
#include "jobs/model/model_shape.h"

namespace longtake {

/// Multiplications and additions that decode one frame of a film, which is a quarter of a latent frame.
double decoding_operations(const VaeShape& vae, FrameSize size);

}  // namespace longtake
