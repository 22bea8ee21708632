#pragma once

#include <ATen/ATen.h>

#include "rank/engine/pipeline/block_audio.h"
#include "rank/engine/pipeline/denoiser.h"
#include "rank/engine/pipeline/group_seat.h"

// C channels, F latent frames, Y latent rows, X latent columns
namespace longtake {

/// Noise of a whole clip: [C, F, Y, X] on the CPU.
at::Tensor noise_CFYX(const ClipShape& shape, std::int64_t base_seed, std::int64_t clip);

/// The latent of the job's first frame, the same for every range: block 0 of clip 0, generated from the
/// reference image by the whole group. Returns [C, 1, Y, X] on the CPU to StageRoutes::anchor_users(),
/// nothing to the others. `denoiser` and `audio`, which has heard clip 0, are those of a stage with layers.
/// The sinks must have been filled with the reference.
at::Tensor make_anchor(const GroupSeat& seat, const ClipShape& clip, Denoiser* denoiser,
                       const BlockAudio* audio, std::int64_t base_seed);

}  // namespace longtake
