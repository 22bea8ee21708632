#pragma once

#include <cstdint>

#include "jobs/clip_math.h"
#include "jobs/model/model_shape.h"

/// What decoding a film of any length holds at one time, in numbers (multiply by the bytes of one).
namespace longtake {

/// The frames that the causal convolutions keep between two calls: two before each convolution.
std::int64_t vae_kept_numbers(const VaeShape& vae, FrameSize size);

/// The tensors that exist at once while one latent frame is decoded. `joins_history`: kept
/// frames and new ones are joined into one tensor before a convolution, as on a GPU, which takes one more.
std::int64_t vae_workspace_numbers(const VaeShape& vae, FrameSize size, bool joins_history);

}  // namespace longtake
