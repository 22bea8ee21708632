#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "rank/engine/sampling/flow_schedule.h"
#include "rank/engine/transformer/audio_encoder.h"
#include "rank/engine/transformer/input_embedding.h"
#include "rank/engine/transformer/layer_stack.h"
#include "rank/engine/transformer/output_head.h"
#include "rank/engine/transformer/text_embedding.h"
#include "rank/engine/transformer/time_embedding.h"

namespace longtake {

/// What the reference rollout is fed.
struct RolloutInputs {
  RolloutInputs();

  /// Inputs of the block `block` of the whole rollout.
  at::Tensor noise_CFYX(std::int64_t block) const;
  at::Tensor pose_CFYX(std::int64_t block) const;
  at::Tensor audio_ZEV(std::int64_t block) const;

  at::Tensor words_WE, reference_CFYX, motion_CFYX;
  at::Tensor noise, pose, audio;
  std::int64_t clips = 0;
  std::int64_t blocks_per_clip = 0;
  std::int64_t sink_distance = 0;
  std::int64_t steps = 0;
  TokenGrid grid;

  std::int64_t blocks() const { return clips * blocks_per_clip; }
};

inline constexpr std::int64_t kFramesOfBlock = 3;

TransformerConfig reference_config();
Weights reference_transformer_weights(const WeightOptions& options = {});

/// A whole transformer of one or more stacks, one cache per step and stack, prepared for a rollout.
class SmallTransformer {
 public:
  /// On the weights' device; latents may come from any. `cuts`: the first layer of every stack but the first.
  SmallTransformer(const TransformerConfig& config, const Weights& weights, const RolloutInputs& inputs,
                   std::vector<std::int64_t> cuts = {}, KvCacheDtype kv_cache_dtype = KvCacheDtype::Auto);

  void fill_sink();
  void clear_windows();

  /// The model's answer for one block at one step; adds the block to that step's caches.
  at::Tensor velocity_CFYX(std::int64_t block, std::int64_t step, const at::Tensor& latent_CFYX);

  /// velocity_CFYX and the Euler step.
  at::Tensor denoise(std::int64_t block, std::int64_t step, const at::Tensor& latent_CFYX);

  const LayerCache& cache(std::int64_t step, std::int64_t layer) const;

  FlowSchedule schedule;

 private:
  const RolloutInputs& inputs_;
  TransformerConfig config_;
  at::Device device_;
  InputEmbedding input_;
  AudioEncoder audio_encoder_;
  OutputHead head_;
  std::vector<TimeModulation> times_;
  TimeModulation time_zero_;
  std::vector<LayerStack> stacks_;
  std::vector<StackText> texts_;
  std::vector<std::vector<StepCache>> caches_;  // [step][stack]
};

/// All blocks through all steps, one block after another.
std::vector<at::Tensor> block_major(SmallTransformer& transformer, const RolloutInputs& inputs);

/// All blocks through one step, one step after another.
std::vector<at::Tensor> step_major(SmallTransformer& transformer, const RolloutInputs& inputs);

}  // namespace longtake
