#include "tests/engine/pipeline/small_film.h"

#include "rank/engine/sampling/determinism.h"

namespace longtake {
namespace {

at::Tensor random_tensor(std::int64_t seed, at::IntArrayRef shape) { return clip_noise(1000, seed, shape); }

}  // namespace

Prompt small_prompt(const TransformerConfig& config, double guide_scale) {
  return {random_tensor(1, {5, config.text_dim}), random_tensor(2, {2, config.text_dim}), guide_scale};
}

Conditioning small_conditioning() {
  Conditioning conditioning;
  conditioning.reference_CFYX = random_tensor(3, {4, 1, 8, 8});
  conditioning.motion_CFYX = random_tensor(4, {4, kMotionLatentFrames, 8, 8});
  conditioning.features_ZEV = [](std::int64_t clip) {
    EXPECT_GE(clip, 0);
    return random_tensor(100 + clip, {3, 10, small_clip().frames()});
  };
  return conditioning;
}

TransformerConfig small_transformer_config() {
  TransformerConfig config;
  config.dim = 32;
  config.ffn_dim = 48;
  config.heads = 2;
  config.layers = 3;
  config.freq_dim = 16;
  config.text_len = 8;
  config.text_dim = 12;
  config.latent_channels = 4;
  config.pose_channels = 4;
  config.audio_dim = 10;
  config.audio_layers = 3;
  config.audio_heads = 2;
  config.audio_inject_layers = {0, 2};
  return config;
}

ClipShape small_clip() { return {2, 4, 8, 8}; }

SmallFilm::SmallFilm(Caches caches, double guide_scale, std::int64_t steps)
    : model_(small_transformer_config(), random_weights(7, {})),
      denoiser_(model_, small_clip(), small_prompt(model_.config, guide_scale), flow_schedule(steps, false),
                caches),
      conditioning_(small_conditioning()),
      steps_(steps) {}

std::optional<ShareMade> generate_share_alone(SmallFilm& film, const SegmentTask& task, LatentSink& sink,
                                              const BeforePass& before_pass) {
  const StageRoutes routes(layers_layout(1, film.steps(), 1), 1, film.steps());
  WorkTimes times;
  const StageTools tools{{routes}, small_clip(), &film.denoiser(), &sink, times};
  return generate_share(tools, film.conditioning(), task, before_pass);
}

std::optional<Carry> generate_segment(SmallFilm& film, const SegmentTask& task, LatentSink& sink,
                                      const BeforePass& before_pass) {
  std::optional<ShareMade> made = generate_share_alone(film, task, sink, before_pass);
  if (!made) return std::nullopt;
  return std::move(made->carry);
}

SmallSegment make_segment(SmallFilm& film, const Chain& chain, const std::optional<Carry>& carry,
                          GenerationOrder order) {
  KeptLatents kept;
  SegmentTask task{chain, kSmallFilmSeed, order, carry};
  const auto goes_on = [](std::int64_t done, std::int64_t all) { return done < all; };
  std::optional<Carry> next = generate_segment(film, task, kept, goes_on);
  return {kept.blocks, next.value()};
}

std::vector<at::Tensor> make_range(SmallFilm& film, Interval range, const std::vector<std::int64_t>& lengths,
                                   std::int64_t renewal_clips, GenerationOrder order) {
  std::vector<at::Tensor> blocks;
  std::optional<Carry> carry;
  std::int64_t begin = range.begin;
  for (const std::int64_t length : lengths) {
    SmallSegment segment = make_segment(film, {range, {begin, begin + length}, renewal_clips}, carry, order);
    blocks.insert(blocks.end(), segment.blocks.begin(), segment.blocks.end());
    carry = std::move(segment.carry);
    begin += length;
  }
  return blocks;
}

void expect_equal(const std::vector<at::Tensor>& one, const std::vector<at::Tensor>& other) {
  ASSERT_EQ(one.size(), other.size());
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(at::equal(one[i], other[i])) << "block " << i;
}

}  // namespace longtake
