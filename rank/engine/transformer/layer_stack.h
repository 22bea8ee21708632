#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "jobs/interval.h"
#include "rank/engine/transformer/layer.h"

// L tokens of a block, S tokens of the sink, T text tokens, D model width
namespace longtake {

/// The text as each layer of a stack attends to it: computed once per prompt.
struct StackText {
  std::vector<KeysValues> layers;
};

/// A block's audio as each layer of a stack hears it: the same in all steps, computed for each pass (a
/// hundredth of it) rather than kept for a whole segment.
struct StackAudio {
  std::vector<std::optional<InjectedAudio>> layers;
};

/// Consecutive layers. A whole transformer is one stack or several in a row: the hidden states that one
/// returns are what the next takes, and the numbers are the same bit for bit. Belongs to one thread; does
/// not own caches, so that several steps, prompts or chains can take turns.
class LayerStack {
 public:
  /// `weights`: the whole checkpoint; only these layers' tensors are taken.
  LayerStack(const TransformerConfig& config, Interval layers, const Weights& weights);

  StackText text(const at::Tensor& text_TD) const;
  StackAudio audio(const AudioTokens& tokens) const;

  /// An empty cache for one step, its memory allocated: on the weights' device, in their type or in fp8. One
  /// in fp8 is opened in memory of this stack's, and attended to by it only.
  StepCache new_cache(const CacheShape& shape);

  /// Fills the sink of `cache` from `hidden` (InputEmbedding::sink_SD, or what the stack before
  /// returned). Returns the hidden states for the next stack; the given ones are overwritten.
  at::Tensor run_sink(at::Tensor hidden_SD, const at::Tensor& turn_SJ, const TimeModulation& time_zero,
                      const StackText& text, StepCache& cache);

  /// Adds one block to `cache` and returns its hidden states for the next stack or the head; the given
  /// ones are overwritten. Blocks come in the order of the film.
  at::Tensor run_block(at::Tensor hidden_LD, const BlockPlace& place, const TimeModulation& time,
                       const StackText& text, const StackAudio& audio, StepCache& cache);

  Interval layers() const { return interval_; }
  std::int64_t workspace_bytes() const { return workspace_.bytes(); }

 private:
  CacheRoom room_for(const CacheShape& shape);

  TransformerConfig config_;
  Interval interval_;
  std::vector<Layer> layers_;
  at::TensorOptions options_;
  LayerWorkspace workspace_;
};

}  // namespace longtake
