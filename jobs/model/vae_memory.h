#pragma once

#include <cstdint>

#include "jobs/clip_math.h"
#include "jobs/model/model_shape.h"

/// What decoding a film of any length holds at one time, in numbers (multiply by the bytes of one).
namespace longtake {

/// The frames that the causal convolutions keep between two calls: two before each convolution.
std::int64_t vae_kept_numbers(const VaeShape& vae, FrameSize size);

/// The tensors that exist at once while one latent frame is decoded. `sums_slices`: the convolution is
/// made of one per time slice, as on a CPU, which takes one tensor more.
std::int64_t vae_workspace_numbers(const VaeShape& vae, FrameSize size, bool sums_slices);

}  // namespace longtake
