#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "rank/engine/transformer/rope.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/reference.h"
#include "tests/engine/transformer/small_transformer.h"

namespace longtake {
namespace {

constexpr const char* kRollout = "dit_rollout.safetensors";

/// Of every velocity, each from the published latent.
double worst_velocity_error(const WeightOptions& options) {
  const RolloutInputs inputs;
  SmallTransformer transformer(reference_config(), reference_transformer_weights(options), inputs);
  transformer.fill_sink();
  double worst = 0;
  for (std::int64_t block = 0; block < inputs.blocks(); ++block) {
    at::Tensor latent = inputs.noise_CFYX(block);
    for (std::int64_t step = 0; step < inputs.steps; ++step) {
      const std::string name = std::to_string(block / inputs.blocks_per_clip) + "." +
                               std::to_string(block % inputs.blocks_per_clip) + "." + std::to_string(step);
      const at::Tensor velocity = transformer.velocity_CFYX(block, step, latent).cpu();
      worst = std::max(worst, relative_error(velocity, reference_tensor(kRollout, "velocity." + name)));
      latent = reference_tensor(kRollout, "latent." + name);
    }
  }
  return worst;
}

double worst_error(const std::vector<at::Tensor>& latents, const std::vector<at::Tensor>& expected) {
  double worst = 0;
  for (std::size_t i = 0; i < latents.size(); ++i) {
    worst = std::max(worst, relative_error(latents[i].cpu(), expected[i].cpu()));
  }
  return worst;
}

std::vector<at::Tensor> rollout(const WeightOptions& options, std::vector<std::int64_t> cuts = {}) {
  const RolloutInputs inputs;
  SmallTransformer transformer(reference_config(), reference_transformer_weights(options), inputs, cuts);
  transformer.fill_sink();
  return step_major(transformer, inputs);
}

class TransformerOnGpu : public testing::Test {
 private:
  c10::InferenceMode inference_;
};

TEST_F(TransformerOnGpu, FollowsThePublishedModelInFloat32AsTheCpuDoes) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const double worst = worst_velocity_error({at::kFloat, at::kCUDA});
  std::cout << "float32: worst relative error of a velocity " << worst << "\n";
  EXPECT_LT(worst, 1e-4);
}

TEST_F(TransformerOnGpu, GivesTheCpusLatentsInFloat32) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const double worst = worst_error(rollout({at::kFloat, at::kCUDA}), rollout({at::kFloat, at::kCPU}));
  std::cout << "float32: worst relative difference of a latent to the CPU's " << worst << "\n";
  EXPECT_LT(worst, 1e-3);
}

TEST_F(TransformerOnGpu, ComputesInHalves) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  for (const at::ScalarType type : {at::kBFloat16, at::kHalf}) {
    const double worst = worst_velocity_error({type, at::kCUDA});
    const double drift = worst_error(rollout({type, at::kCUDA}), rollout({at::kFloat, at::kCPU}));
    std::cout << at::toString(type) << ": worst relative error of a velocity " << worst
              << ", of a latent of the rollout " << drift << "\n";
    EXPECT_LT(worst, 0.05) << at::toString(type);
    EXPECT_LT(drift, 0.1) << at::toString(type);
  }
}

TEST_F(TransformerOnGpu, StacksInARowGiveTheSameBits) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const std::vector<at::Tensor> whole = rollout({at::kBFloat16, at::kCUDA});
  const std::vector<at::Tensor> cut = rollout({at::kBFloat16, at::kCUDA}, {1, 3});
  for (std::size_t i = 0; i < whole.size(); ++i) EXPECT_TRUE(at::equal(whole[i], cut[i])) << "block " << i;
}

TEST_F(TransformerOnGpu, IsTheSameInEveryRun) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const std::vector<at::Tensor> once = rollout({at::kBFloat16, at::kCUDA});
  const std::vector<at::Tensor> again = rollout({at::kBFloat16, at::kCUDA});
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_TRUE(at::equal(once[i], again[i])) << "block " << i;
}

TEST_F(TransformerOnGpu, TurnsTokensByTheCpusAngles) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const TokenGrid grid = token_grid(3, 10, 12);
  const GridPositions far = block_positions(grid, 100000);
  EXPECT_TRUE(at::equal(rotation_TJ(far, 128, at::kCUDA).cpu(), rotation_TJ(far, 128, at::kCPU)));
}

}  // namespace
}  // namespace longtake
