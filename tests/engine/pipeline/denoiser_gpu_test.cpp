#include "rank/engine/pipeline/denoiser.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <iostream>

#include "rank/engine/sampling/determinism.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

constexpr std::int64_t kSeed = 420;
constexpr std::int64_t kBlocks = 6;  // the window of four is full, and rolls

/// The reference model on a device: every block through all steps.
std::vector<at::Tensor> latents_on(const WeightOptions& options) {
  const TransformerConfig config = read_transformer_config(reference("dit_config.json"));
  TransformerModel model(config, open_weights(reference("dit_weights.safetensors"), options));
  const ClipShape clip{4, config.latent_channels, 8, 12};
  const Prompt prompt{clip_noise(kSeed, 1, {5, config.text_dim})};
  const FlowSchedule schedule = flow_schedule(4, false);
  Denoiser denoiser(model, clip, prompt, schedule, Caches::OnePerStep);
  denoiser.fill_sink(clip_noise(kSeed, 2, {clip.channels, 1, clip.height, clip.width}),
                     clip_noise(kSeed, 3, {clip.channels, kMotionLatentFrames, clip.height, clip.width}));
  std::vector<at::Tensor> latents;
  for (std::int64_t block = 0; block < kBlocks; ++block) {
    const AudioTokens audio =
        denoiser.hear(clip_noise(kSeed, 10 + block, {config.audio_layers, config.audio_dim, kBlockFrames})
                          .to(options.device));
    at::Tensor latent =
        clip_noise(kSeed, 50 + block, {clip.channels, kBlockLatentFrames, clip.height, clip.width})
            .to(options.device);
    for (std::int64_t step = 0; step < schedule.steps(); ++step) {
      const std::int64_t distance = sink_distance(kSeed, block, step);
      latent = denoiser.denoise({step, block * kBlockLatentFrames, distance}, audio, latent);
    }
    latents.push_back(latent.cpu());
  }
  return latents;
}

double worst_difference(const std::vector<at::Tensor>& one, const std::vector<at::Tensor>& other) {
  double worst = 0;
  for (std::size_t i = 0; i < one.size(); ++i) worst = std::max(worst, relative_error(one[i], other[i]));
  return worst;
}

TEST(DenoiserOnGpu, GivesTheCpusLatents) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  const std::vector<at::Tensor> cpu = latents_on({at::kFloat, at::kCPU});
  const double exact = worst_difference(latents_on({at::kFloat, at::kCUDA}), cpu);
  const double half = worst_difference(latents_on({at::kBFloat16, at::kCUDA}), cpu);
  std::cout << "worst relative difference to the CPU's latents: float32 " << exact << ", bfloat16 " << half
            << "\n";
  EXPECT_LT(exact, 1e-3);
  EXPECT_LT(half, 0.1);
}

}  // namespace
}  // namespace longtake
