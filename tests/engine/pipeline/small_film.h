#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "rank/engine/pipeline/segment_generator.h"

namespace longtake {

inline constexpr std::int64_t kSmallFilmSeed = 420;

TransformerConfig small_transformer_config();
/// Clips of two blocks of 8 x 8 latents: tests take seconds.
ClipShape small_clip();
Prompt small_prompt(const TransformerConfig& config, double guide_scale);
Conditioning small_conditioning();

/// A film of random weights and random conditions: a denoiser and what it is asked.
class SmallFilm {
 public:
  explicit SmallFilm(Caches caches = Caches::One, double guide_scale = 0, std::int64_t steps = 3);

  Denoiser& denoiser() { return denoiser_; }
  const Conditioning& conditioning() const { return conditioning_; }
  std::int64_t steps() const { return steps_; }

 private:
  TransformerModel model_;
  Denoiser denoiser_;
  Conditioning conditioning_;
  std::int64_t steps_;
};

/// The share of an engine that is alone.
std::optional<ShareMade> generate_share_alone(SmallFilm& film, const SegmentTask& task, LatentSink& sink,
                                              const BeforePass& before_pass);

/// All of a segment by one engine. nullopt when it was given up.
std::optional<Carry> generate_segment(SmallFilm& film, const SegmentTask& task, LatentSink& sink,
                                      const BeforePass& before_pass);

/// Keeps what it is given.
struct KeptLatents : LatentSink {
  void restart() override { preceding_since_restart = 0; }
  void precede(const at::Tensor&) override { ++preceding_since_restart; }
  void add(const at::Tensor& latent_CFYX) override {
    EXPECT_GT(preceding_since_restart, 0) << "before block " << blocks.size();
    blocks.push_back(latent_CFYX.clone());
    is_caught_up = false;
  }
  void catch_up() override { is_caught_up = true; }

  std::vector<at::Tensor> blocks;
  bool is_caught_up = true;
  int preceding_since_restart = 0;
};

struct SmallSegment {
  std::vector<at::Tensor> blocks;
  Carry carry;
};

SmallSegment make_segment(SmallFilm& film, const Chain& chain, const std::optional<Carry>& carry,
                          GenerationOrder order = GenerationOrder::StepMajor);

/// All blocks of a range that is cut into segments of so many clips.
std::vector<at::Tensor> make_range(SmallFilm& film, Interval range, const std::vector<std::int64_t>& lengths,
                                   std::int64_t renewal_clips,
                                   GenerationOrder order = GenerationOrder::StepMajor);

void expect_equal(const std::vector<at::Tensor>& one, const std::vector<at::Tensor>& other);

}  // namespace longtake
