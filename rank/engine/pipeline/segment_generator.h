#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <optional>

#include "rank/engine/pipeline/carry.h"
#include "rank/engine/pipeline/conditioning.h"
#include "rank/engine/pipeline/denoiser.h"
#include "rank/engine/pipeline/latent_sink.h"
#include "rank/engine/pipeline/passes.h"

namespace longtake {

struct SegmentTask {
  Chain chain;
  std::int64_t base_seed = 0;
  GenerationOrder order = GenerationOrder::StepMajor;  ///< no influence on the latents
  std::optional<Carry> carry{};                        ///< of the segment before; none at a range's start
};

/// Called before each forward pass of the segment with how many of all are done; false gives it up.
using BeforePass = std::function<bool(std::int64_t done, std::int64_t all)>;

/// The latent of the job's first frame, [C, 1, Y, X] on the CPU: the same for every range.
at::Tensor make_anchor(Denoiser& denoiser, const Conditioning& conditioning, std::int64_t base_seed);

/// Generates one segment; its latents go to `sink` during the last step. A pure function of conditioning,
/// prompt, task and model: neither what the denoiser made before, nor the order, nor where the range is
/// cut into segments changes a bit. nullopt when it was given up. Throws Error{InvalidInput} for a carry
/// of another chain, Error{Bug} for clips outside of the range or an order that the denoiser lacks
/// caches for.
std::optional<Carry> generate_segment(Denoiser& denoiser, const Conditioning& conditioning,
                                      const SegmentTask& task, LatentSink& sink,
                                      const BeforePass& before_pass);

}  // namespace longtake
