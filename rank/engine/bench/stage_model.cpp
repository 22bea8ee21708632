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
                       const WeightOptions& options)
    : config_(config),
      clip_(clip),
      grid_(clip.block_grid()),
      weights_(random_weights(kSeed, options)),
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

void StageModel::read_text() {
  const TextEmbedding text(config_, weights_);
  text_ = layers_.text(text(noise({std::min(kPromptWords, config_.text_len), config_.text_dim})));
}

void StageModel::make_caches(std::int64_t caches) {
  latent_CFYX_ = noise({clip_.channels, kBlockLatentFrames, clip_.height, clip_.width});
  features_ZEV_ = noise({config_.audio_layers, config_.audio_dim, kBlockFrames});
  if (!input_) hidden_LD_ = noise({grid_.tokens(), config_.dim});
  tokens_ = {noise({kBlockLatentFrames, config_.dim}),
             noise({kBlockLatentFrames, config_.audio_heads + 1, config_.dim})};
  for (std::int64_t i = 0; i < caches; ++i) caches_.push_back(layers_.new_cache({grid_, clip_.blocks}));
  const at::Device device = weights_.options().device;
  const at::Tensor sink_SD =
      input_ ? input_->sink_SD(noise({clip_.channels, 1, clip_.height, clip_.width}),
                               noise({clip_.channels, kMotionLatentFrames, clip_.height, clip_.width}))
             : noise({sink_tokens(grid_), config_.dim});
  layers_.run_sink(sink_SD, sink_turn_SJ(config_, grid_, device), time_zero_, text_, caches_.front());
  for (std::size_t i = 1; i < caches_.size(); ++i) caches_[i].share_sink(caches_.front());
}

StepCache& StageModel::cache_of(std::int64_t step) {
  return caches_.at(caches_.size() == 1 ? 0 : static_cast<std::size_t>(step));
}

void StageModel::run(std::int64_t step, std::int64_t block) {
  const BlockPlace place = block_place(config_, grid_, block * kBlockLatentFrames,
                                       sink_distance(kSeed, block, step), weights_.options().device);
  const TimeModulation& time = times_.at(static_cast<std::size_t>(step));
  StackAudio heard;
  {
    RECORD_USER_SCOPE(kAudioScope);
    if (audio_ && step == 0) tokens_ = audio_->block(features_ZEV_);
    heard = layers_.audio(tokens_);
  }
  at::Tensor hidden_LD = input_ ? input_->block_LD(latent_CFYX_, std::nullopt) : hidden_LD_.clone();
  hidden_LD = layers_.run_block(hidden_LD, place, time, text_, heard, cache_of(step));
  if (!head_) return;
  euler_step(schedule_, step, latent_CFYX_, head_->velocity_CFYX(hidden_LD, time, grid_));
}

StageCacheBytes StageModel::cache_bytes() const {
  StageCacheBytes bytes;
  for (const StepCache& cache : caches_) {
    for (std::size_t i = 0; i < cache.size(); ++i) {
      bytes.window += cache.layer(i).window_bytes();
      bytes.sink += cache.layer(i).sink_bytes();
    }
  }
  // Steps share the reference's keys before RoPE.
  for (std::size_t i = 0; i < caches_.front().size(); ++i) {
    bytes.reference += caches_.front().layer(i).reference_bytes();
  }
  return bytes;
}

}  // namespace longtake
