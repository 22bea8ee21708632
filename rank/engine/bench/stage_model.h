#pragma once

#include <ATen/ATen.h>

#include <optional>
#include <vector>

#include "jobs/layout.h"
#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/sampling/flow_schedule.h"
#include "rank/engine/transformer/audio_encoder.h"
#include "rank/engine/transformer/input_embedding.h"
#include "rank/engine/transformer/layer_stack.h"
#include "rank/engine/transformer/output_head.h"
#include "rank/engine/transformer/transformer_config.h"
#include "rank/engine/weights/weights.h"

// C channels, F latent frames, Y latent rows, X latent columns, L tokens of a block, D model width, Z layers
// of the speech encoder, E its width, V video frames
namespace longtake {

/// Bytes of the caches of a stage, over its steps.
struct StageCacheBytes {
  std::int64_t window = 0;
  std::int64_t sink = 0;
  std::int64_t reference = 0;
};

/// The transformer's part of one stage, and the state of one chain for every text. What other stages would
/// send is noise. Belongs to one thread.
class StageModel {
 public:
  StageModel(const TransformerConfig& config, const ClipShape& clip, const Stage& stage, Weights weights);

  /// What every step is told of its noise; then the text's keys, of `texts` texts: guidance has two.
  void set_schedule(const FlowSchedule& schedule);
  void read_texts(std::int64_t texts);

  /// For every text. `steps`: those with a cache of their own, or one that stands for all. Fills the sinks.
  void make_caches(Interval steps, KvCacheDtype dtype);

  /// The window of a step is empty again.
  void begin_step(std::int64_t step);

  /// A forward pass for every text.
  void run(std::int64_t step, std::int64_t block);

  StageCacheBytes cache_bytes() const;
  const LayerStack& layers() const { return layers_; }

 private:
  /// A text with what is remembered for it.
  struct Chain {
    StackText text;
    std::vector<StepCache> caches;
  };

  StepCache& cache_of(Chain& chain, std::int64_t step) const;
  at::Tensor velocity(Chain& chain, std::int64_t step, const BlockPlace& place, const StackAudio& heard);
  at::Tensor noise(at::IntArrayRef shape) const;

  TransformerConfig config_;
  ClipShape clip_;
  TokenGrid grid_;
  Weights weights_;
  std::optional<InputEmbedding> input_;  ///< of the first stage
  std::optional<AudioEncoder> audio_;    ///< likewise
  LayerStack layers_;
  std::optional<OutputHead> head_;  ///< of the last
  FlowSchedule schedule_;
  std::vector<TimeModulation> times_;
  TimeModulation time_zero_;
  std::vector<Chain> chains_;
  Interval cached_steps_{0, 1};
  at::Tensor latent_CFYX_;
  at::Tensor hidden_LD_;  ///< from the stage before
  at::Tensor features_ZEV_;
  AudioTokens tokens_;
};

}  // namespace longtake
