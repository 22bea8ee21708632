#include "tests/engine/transformer/small_transformer.h"

#include "rank/engine/transformer/transformer_config.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

constexpr const char* kRollout = "dit_rollout.safetensors";
constexpr std::int64_t kVideoFramesOfBlock = 4 * kFramesOfBlock;

std::vector<Interval> intervals(std::int64_t layers, const std::vector<std::int64_t>& cuts) {
  std::vector<Interval> result;
  std::int64_t begin = 0;
  for (const std::int64_t cut : cuts) {
    result.push_back({begin, cut});
    begin = cut;
  }
  result.push_back({begin, layers});
  return result;
}

}  // namespace

RolloutInputs::RolloutInputs()
    : words_WE(reference_tensor(kRollout, "context")),
      reference_CFYX(reference_tensor(kRollout, "ref_latents")[0]),
      motion_CFYX(reference_tensor(kRollout, "motion_latents")[0]),
      noise(reference_tensor(kRollout, "noise")),
      pose(reference_tensor(kRollout, "pose_latents")[0]),
      audio(reference_tensor(kRollout, "audio_features")[0]),
      clips(noise.size(0)),
      blocks_per_clip(noise.size(2) / kFramesOfBlock),
      grid(token_grid(kFramesOfBlock, noise.size(3), noise.size(4))) {
  const nlohmann::json meta = reference_json("meta.json").at("dit");
  sink_distance = meta.at("randint_value");
  steps = meta.at("steps");
}

at::Tensor RolloutInputs::noise_CFYX(std::int64_t block) const {
  return noise[block / blocks_per_clip].narrow(1, block % blocks_per_clip * kFramesOfBlock, kFramesOfBlock);
}

at::Tensor RolloutInputs::pose_CFYX(std::int64_t block) const {
  return pose.narrow(1, block * kFramesOfBlock, kFramesOfBlock);
}

at::Tensor RolloutInputs::audio_ZEV(std::int64_t block) const {
  return audio.narrow(2, block * kVideoFramesOfBlock, kVideoFramesOfBlock);
}

TransformerConfig reference_config() { return read_transformer_config(reference("dit_config.json")); }

Weights reference_transformer_weights(const WeightOptions& options) {
  return open_weights(reference("dit_weights.safetensors"), options);
}

SmallTransformer::SmallTransformer(const TransformerConfig& config, const Weights& weights,
                                   const RolloutInputs& inputs, std::vector<std::int64_t> cuts,
                                   KvCacheDtype kv_cache_dtype)
    : schedule(flow_schedule(inputs.steps, false)),
      inputs_(inputs),
      config_(config),
      device_(weights.options().device),
      input_(config, weights),
      audio_encoder_(config, weights),
      head_(config, weights) {
  const TimeEmbedding time(config, weights);
  time_zero_ = time.at(0);
  for (const float timestep : schedule.timesteps) times_.push_back(time.at(timestep));
  const at::Tensor text_TD = TextEmbedding(config, weights)(inputs.words_WE.to(device_));
  for (const Interval layers : intervals(config.layers, cuts)) {
    stacks_.emplace_back(config, layers, weights);
    texts_.push_back(stacks_.back().text(text_TD));
  }
  for (std::int64_t step = 0; step < inputs.steps; ++step) {
    caches_.emplace_back();
    for (LayerStack& stack : stacks_) {
      caches_.back().push_back(stack.new_cache({inputs.grid, inputs.blocks_per_clip, kv_cache_dtype}));
    }
  }
}

void SmallTransformer::fill_sink() {
  at::Tensor hidden_SD = input_.sink_SD(inputs_.reference_CFYX.to(device_), inputs_.motion_CFYX.to(device_));
  const at::Tensor turn_SJ = sink_turn_SJ(config_, inputs_.grid, device_);
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    hidden_SD = stacks_[i].run_sink(hidden_SD, turn_SJ, time_zero_, texts_[i], caches_[0][i]);
    for (std::size_t step = 1; step < caches_.size(); ++step) caches_[step][i].share_sink(caches_[0][i]);
  }
}

void SmallTransformer::clear_windows() {
  for (auto& step : caches_) {
    for (StepCache& cache : step) cache.clear_window();
  }
}

at::Tensor SmallTransformer::velocity_CFYX(std::int64_t block, std::int64_t step,
                                           const at::Tensor& latent_CFYX) {
  const TimeModulation& time = times_.at(static_cast<std::size_t>(step));
  const BlockPlace place =
      block_place(config_, inputs_.grid, block * kFramesOfBlock, inputs_.sink_distance, device_);
  const AudioTokens audio = audio_encoder_.block(inputs_.audio_ZEV(block).to(device_));
  at::Tensor hidden_LD = input_.block_LD(latent_CFYX.to(device_), inputs_.pose_CFYX(block).to(device_));
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    hidden_LD = stacks_[i].run_block(hidden_LD, place, time, texts_[i], stacks_[i].audio(audio),
                                     caches_.at(static_cast<std::size_t>(step))[i]);
  }
  return head_.velocity_CFYX(hidden_LD, time, inputs_.grid);
}

at::Tensor SmallTransformer::denoise(std::int64_t block, std::int64_t step, const at::Tensor& latent_CFYX) {
  return euler_step(schedule, step, latent_CFYX.to(device_), velocity_CFYX(block, step, latent_CFYX));
}

const LayerCache& SmallTransformer::cache(std::int64_t step, std::int64_t layer) const {
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    const Interval layers = stacks_[i].layers();
    if (!layers.contains(layer)) continue;
    return caches_.at(static_cast<std::size_t>(step))[i].layer(
        static_cast<std::size_t>(layer - layers.begin));
  }
  throw std::out_of_range("no layer " + std::to_string(layer));
}

std::vector<at::Tensor> block_major(SmallTransformer& transformer, const RolloutInputs& inputs) {
  std::vector<at::Tensor> latents;
  for (std::int64_t block = 0; block < inputs.blocks(); ++block) {
    latents.push_back(inputs.noise_CFYX(block));
    for (std::int64_t step = 0; step < inputs.steps; ++step) {
      latents.back() = transformer.denoise(block, step, latents.back());
    }
  }
  return latents;
}

std::vector<at::Tensor> step_major(SmallTransformer& transformer, const RolloutInputs& inputs) {
  std::vector<at::Tensor> latents;
  for (std::int64_t block = 0; block < inputs.blocks(); ++block) latents.push_back(inputs.noise_CFYX(block));
  for (std::int64_t step = 0; step < inputs.steps; ++step) {
    for (std::int64_t block = 0; block < inputs.blocks(); ++block) {
      at::Tensor& latent = latents[static_cast<std::size_t>(block)];
      latent = transformer.denoise(block, step, latent);
    }
  }
  return latents;
}

}  // namespace longtake
