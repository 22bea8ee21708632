#include "rank/engine/bench/stage_model.h"

#include "rank/engine/profile_scopes.h"
#include "rank/engine/sampling/determinism.h"
#include "rank/engine/transformer/text_embedding.h"
#include "rank/engine/transformer/time_embedding.h"
#include "rank/engine/transformer/transformer_parts.h"

namespace longtake {
namespace {

constexpr std::int64_t kSeed = 420;
constexpr std::int64_t kPromptWords = 64;

}  // namespace

StageModel::StageModel(const TransformerConfig& config, const ClipShape& clip, const Stage& stage,
                       Weights weights)
    : config_(config),
      clip_(clip),
      grid_(clip.block_grid()),
      weights_(std::move(weights)),
      layers_(config, stage.layers, weights_) {
  if (stage.layers.begin == 0) {
    input_.emplace(config, weights_);
    audio_.emplace(config, weights_);
  }
  if (stage.layers.end == config.layers) head_.emplace(config, weights_);
}

at::Tensor StageModel::noise(at::IntArrayRef shape) const {
  return clip_noise(kSeed, 0, shape).to(weights_.options().device);
}

void StageModel::set_schedule(const FlowSchedule& schedule) {
  schedule_ = schedule;
  const TimeEmbedding time(config_, weights_);
  time_zero_ = time.at(0);
  times_.clear();
  for (const float timestep : schedule.timesteps) times_.push_back(time.at(timestep));
}

void StageModel::read_texts(std::int64_t texts) {
  const TextEmbedding text(config_, weights_);
  const at::Tensor words_WE = noise({std::min(kPromptWords, config_.text_len), config_.text_dim});
  chains_.clear();
  for (std::int64_t i = 0; i < texts; ++i) chains_.push_back({layers_.text(text(words_WE)), {}});
}

void StageModel::make_caches(Interval steps, KvCacheDtype dtype) {
  cached_steps_ = steps;
  latent_CFYX_ = noise({clip_.channels, kBlockLatentFrames, clip_.height, clip_.width});
  features_ZEV_ = noise({config_.audio_layers, config_.audio_dim, kBlockFrames});
  if (!input_) hidden_LD_ = noise({grid_.tokens(), config_.dim});
  tokens_ = {noise({kBlockLatentFrames, config_.dim}),
             noise({kBlockLatentFrames, config_.audio_heads + 1, config_.dim})};
  const at::Device device = weights_.options().device;
  for (Chain& chain : chains_) {
    for (std::int64_t i = 0; i < steps.length(); ++i) {
      chain.caches.push_back(layers_.new_cache({grid_, clip_.blocks, dtype}));
    }
    const at::Tensor sink_SD =
        input_ ? input_->sink_SD(noise({clip_.channels, 1, clip_.height, clip_.width}),
                                 noise({clip_.channels, kMotionLatentFrames, clip_.height, clip_.width}))
               : noise({sink_tokens(grid_), config_.dim});
    layers_.run_sink(sink_SD, sink_turn_SJ(config_, grid_, device), time_zero_, chain.text,
                     chain.caches.front());
    for (std::size_t i = 1; i < chain.caches.size(); ++i) chain.caches[i].share_sink(chain.caches.front());
  }
}

StepCache& StageModel::cache_of(Chain& chain, std::int64_t step) const {
  return chain.caches.at(chain.caches.size() == 1 ? 0 : static_cast<std::size_t>(step - cached_steps_.begin));
}

void StageModel::begin_step(std::int64_t step) {
  for (Chain& chain : chains_) cache_of(chain, step).clear_window();
}

/// Undefined where the head is another stage's.
at::Tensor StageModel::velocity(Chain& chain, std::int64_t step, const BlockPlace& place,
                                const StackAudio& heard) {
  const TimeModulation& time = times_.at(static_cast<std::size_t>(step));
  at::Tensor hidden_LD = input_ ? input_->block_LD(latent_CFYX_, std::nullopt) : hidden_LD_.clone();
  hidden_LD = layers_.run_block(hidden_LD, place, time, chain.text, heard, cache_of(chain, step));
  return head_ ? head_->velocity_CFYX(hidden_LD, time, grid_) : at::Tensor();
}

void StageModel::run(std::int64_t step, std::int64_t block) {
  const BlockPlace place = block_place(config_, grid_, block * kBlockLatentFrames,
                                       sink_distance(kSeed, block, step), weights_.options().device);
  StackAudio heard;
  {
    RECORD_USER_SCOPE(kAudioScope);
    if (audio_ && step == 0) tokens_ = audio_->block(features_ZEV_);
    heard = layers_.audio(tokens_);
  }
  at::Tensor velocity_CFYX;
  for (Chain& chain : chains_) velocity_CFYX = velocity(chain, step, place, heard);
  if (head_) euler_step(schedule_, step, latent_CFYX_, velocity_CFYX);
}

StageCacheBytes StageModel::cache_bytes() const {
  StageCacheBytes bytes;
  for (const Chain& chain : chains_) {
    for (const StepCache& cache : chain.caches) {
      for (std::size_t i = 0; i < cache.size(); ++i) {
        bytes.window += cache.layer(i).window_bytes();
        bytes.sink += cache.layer(i).sink_bytes();
      }
    }
    // Steps share the reference's keys before RoPE.
    for (std::size_t i = 0; i < chain.caches.front().size(); ++i) {
      bytes.reference += chain.caches.front().layer(i).reference_bytes();
    }
  }
  return bytes;
}

}  // namespace longtake
