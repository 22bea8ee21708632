#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <optional>

#include "rank/engine/pipeline/carry.h"
#include "rank/engine/pipeline/conditioning.h"
#include "rank/engine/pipeline/denoiser.h"
#include "rank/engine/pipeline/group_seat.h"
#include "rank/engine/pipeline/latent_sink.h"
#include "rank/engine/pipeline/passes.h"
#include "rank/engine/pipeline/unfinished_segment.h"
#include "rank/engine/work_times.h"

namespace longtake {

struct SegmentTask {
  Chain chain;
  std::int64_t base_seed = 0;
  GenerationOrder order = GenerationOrder::StepMajor;  ///< no influence on the latents
  std::optional<Carry> carry{};                        ///< of the segment before; none at a range's start
  std::optional<UnfinishedSegment> unfinished{};       ///< of this one, to go on from
};

/// Called often, before each forward pass among others, with how much of this stage's work on the segment
/// is done; false gives it up.
using BeforePass = std::function<bool(std::int64_t done, std::int64_t all)>;

/// What a stage does its share with.
struct StageTools {
  GroupSeat seat;
  ClipShape clip;
  Denoiser* denoiser = nullptr;  ///< of a stage with layers
  LatentSink* sink = nullptr;    ///< of the writer
  WorkTimes& times;              ///< counts "audio", "anchor", "sink", "step 1", ..., "decode"
};

/// What a stage's share comes to.
struct ShareMade {
  std::optional<Carry> carry;  ///< from the writer
  /// In its place when the segment was stopped: from a writer that makes all latents, step by step.
  std::optional<UnfinishedSegment> unfinished;
};

/// Does one stage's share of a segment: all of its group call it with the same task and, in a row's first
/// stage, the same conditioning. The latents go to the writer's sink during the last step. They are a pure
/// function of conditioning, prompt, task and model: neither what the denoisers made before, nor layout,
/// order, where the range is cut into segments, nor stops in between change a bit. nullopt when it was given
/// up and this stage has nothing to keep; the group is to be given up with its writer. Throws
/// Error{InvalidInput} for a carry of another chain, Error{Bug} for clips outside of the range or an order
/// that the denoiser lacks caches for, and as Transport does.
std::optional<ShareMade> generate_share(const StageTools& tools, const Conditioning& conditioning,
                                        const SegmentTask& task, const BeforePass& before_pass);

}  // namespace longtake
