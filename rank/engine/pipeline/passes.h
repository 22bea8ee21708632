#pragma once

#include <cstdint>
#include <vector>

#include "jobs/interval.h"

/// The order of work in a segment: values, no tensors.
namespace longtake {

enum class GenerationOrder {
  StepMajor,   ///< all blocks through one step, then through the next: one cache
  BlockMajor,  ///< one block through all steps, then the next: a cache per step
};

/// What a segment's latents depend on besides the job's inputs and the carry.
struct Chain {
  Interval range;  ///< clips generated as one unbroken chain
  Interval clips;  ///< of the range: the segment
  /// Every so many clips from the range's beginning the window is emptied and filled again with the clip
  /// before. A segment can begin anywhere; it replays the clips since the last renewal, so the latents do
  /// not depend on where segments are cut, only on this (docs/decisions/0017-windows-are-renewed.md).
  std::int64_t renewal_clips = 1;

  bool starts_range() const { return clips.begin == range.begin; }
};

/// The clips whose latents the window at the beginning of `clip` is filled with: from the one before the
/// last renewal on. One before the range is the lead-in. Throws Error{Bug}, as all of these, for clips
/// outside of the range and for a chain that is never renewed.
Interval window_history(const Chain& chain, std::int64_t clip);

/// The clips that are generated: those of the segment, and the lead-in before them at a range's start.
Interval generated_clips(const Chain& chain);

/// The clips whose latents a segment works with: those it replays and those it generates.
Interval clips_at_work(const Chain& chain);

/// Those of the job that they hear, rising: before clip 0 there is silence, and what starts a range also
/// makes the anchor, which is of clip 0.
std::vector<std::int64_t> heard_clips(const Chain& chain);

struct Pass {
  enum class Kind {
    Clear,     ///< the step's window is emptied; `clip` is the one it will be filled for
    Remember,  ///< a block goes into the step's window, from the latents that entered the step
    Denoise,   ///< a block goes into the step's window and comes out less noisy
  };
  Kind kind = Kind::Clear;
  std::int64_t step = 0;
  std::int64_t clip = 0;
  std::int64_t block = 0;  ///< of the clip

  friend bool operator==(const Pass& a, const Pass& b) {
    return a.kind == b.kind && a.step == b.step && a.clip == b.clip && a.block == b.block;
  }
};

/// All passes of a segment. For any step they are the same, in the same order, in both orders.
std::vector<Pass> passes_of(const Chain& chain, GenerationOrder order, std::int64_t steps,
                            std::int64_t blocks_per_clip);

}  // namespace longtake
