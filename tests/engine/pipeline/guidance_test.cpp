// Guidance against its definition: two films of one prompt each, mixed by hand.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "rank/engine/sampling/determinism.h"
#include "tests/engine/pipeline/small_film.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

constexpr std::int64_t kSteps = 3;

/// Denoisers of one model that differ in their prompts only.
class GuidedDenoiser : public testing::Test {
 protected:
  Denoiser denoiser_of(const Prompt& prompt) {
    Denoiser denoiser(model_, small_clip(), prompt, schedule_, Caches::OnePerStep);
    const Conditioning conditions = small_conditioning();
    denoiser.fill_sink(conditions.reference_CFYX, conditions.motion_CFYX);
    return denoiser;
  }

  /// What `denoiser` makes of each block and step from the latents of `path`; with an empty path from its
  /// own.
  std::vector<at::Tensor> walk(Denoiser denoiser, const std::vector<at::Tensor>& path = {}) {
    std::vector<at::Tensor> made;
    for (std::int64_t block = 0; block < small_clip().blocks; ++block) {
      const AudioTokens audio =
          denoiser.hear(small_conditioning().features_ZEV(0).narrow(2, block * kBlockFrames, kBlockFrames));
      at::Tensor latent_CFYX = noise(block);
      for (std::int64_t step = 0; step < kSteps; ++step) {
        if (step > 0) latent_CFYX = (path.empty() ? made : path)[made.size() - 1];
        made.push_back(
            denoiser.denoise({step, block * kBlockLatentFrames, kNearestSink}, audio, latent_CFYX));
      }
    }
    return made;
  }

  static at::Tensor noise(std::int64_t block) {
    return clip_noise(kSmallFilmSeed, block, {4, kBlockLatentFrames, 8, 8});
  }

  c10::InferenceMode inference_;
  TransformerModel model_{small_transformer_config(), random_weights(7, {})};
  FlowSchedule schedule_ = flow_schedule(kSteps, false);
  Prompt both_ = small_prompt(model_.config, 0);
};

TEST_F(GuidedDenoiser, MixesTheVelocitiesOfTwoPromptsThatKnowNothingOfEachOther) {
  constexpr double kScale = 4.5;
  const auto guided = walk(denoiser_of({both_.words_WE, both_.null_words_WE, kScale}));
  const auto prompted = walk(denoiser_of({both_.words_WE}), guided);
  const auto unprompted = walk(denoiser_of({*both_.null_words_WE}), guided);
  ASSERT_EQ(guided.size(), static_cast<std::size_t>(kSteps * small_clip().blocks));
  for (std::size_t i = 0; i < guided.size(); ++i) {
    // All three begin at the same latent and go the same way down, so mixed velocities are mixed latents.
    const at::Tensor expected = unprompted[i] + kScale * (prompted[i] - unprompted[i]);
    EXPECT_LT(relative_error(guided[i], expected), 1e-5) << "pass " << i;
    EXPECT_GT(relative_error(prompted[i], unprompted[i]), 1e-3) << "pass " << i;
  }
}

TEST_F(GuidedDenoiser, OfScale0Or1IsThePromptAlone) {
  const auto alone = walk(denoiser_of({both_.words_WE}));
  expect_equal(walk(denoiser_of({both_.words_WE, both_.null_words_WE, 0})), alone);
  expect_equal(walk(denoiser_of({both_.words_WE, both_.null_words_WE, 1})), alone);
}

}  // namespace
}  // namespace longtake
