#include <gtest/gtest.h>

#include <regex>

#include "rank/engine/transformer/rope.h"
#include "tests/engine/reference.h"
#include "tests/engine/transformer/small_transformer.h"

namespace longtake {
namespace {

constexpr const char* kRollout = "dit_rollout.safetensors";

std::string place(std::int64_t clip, std::int64_t block, std::int64_t step) {
  return std::to_string(clip) + "." + std::to_string(block) + "." + std::to_string(step);
}

/// Inverse of rotate_into.
at::Tensor turned_back(const at::Tensor& x_SHK, const at::Tensor& turn_SJ) {
  const at::Tensor pairs =
      at::view_as_complex(x_SHK.contiguous().view({x_SHK.size(0), x_SHK.size(1), -1, 2}));
  return at::view_as_real(pairs / turn_SJ.unsqueeze(1)).view(x_SHK.sizes());
}

TEST(Rollout, FillsTheSinkAsPublished) {
  const RolloutInputs inputs;
  const TransformerConfig config = reference_config();
  SmallTransformer transformer(config, reference_transformer_weights(), inputs);
  transformer.fill_sink();
  const at::Tensor turn_SJ = sink_turn_SJ(config, inputs.grid, at::kCPU);
  for (std::int64_t layer = 0; layer < config.layers; ++layer) {
    const std::string name = std::to_string(layer);
    const at::Tensor keys = reference_tensor(kRollout, "sink.cond_k." + name)[0];
    for (std::int64_t step = 0; step < inputs.steps; ++step) {
      const LayerCache& cache = transformer.cache(step, layer);
      EXPECT_LT(relative_error(turned_back(cache.sink_keys_SHK(), turn_SJ), keys), 1e-4) << "layer " << layer;
      EXPECT_LT(relative_error(cache.reference_keys_RHK(), keys.narrow(0, 0, inputs.grid.tokens_per_frame())),
                1e-4);
      EXPECT_LT(relative_error(cache.sink_values_SHK(), reference_tensor(kRollout, "sink.cond_v." + name)[0]),
                1e-4)
          << "layer " << layer;
    }
  }
}

TEST(Rollout, FollowsThePublishedModelOverAllClips) {
  const RolloutInputs inputs;
  SmallTransformer transformer(reference_config(), reference_transformer_weights(), inputs);
  transformer.fill_sink();
  double worst = 0;
  for (std::int64_t block = 0; block < inputs.blocks(); ++block) {
    at::Tensor latent = inputs.noise_CFYX(block);
    for (std::int64_t step = 0; step < inputs.steps; ++step) {
      const std::string name = place(block / inputs.blocks_per_clip, block % inputs.blocks_per_clip, step);
      const at::Tensor velocity = transformer.velocity_CFYX(block, step, latent);
      latent = euler_step(transformer.schedule, step, latent, velocity);
      const double velocity_error = relative_error(velocity, reference_tensor(kRollout, "velocity." + name));
      const double latent_error = relative_error(latent, reference_tensor(kRollout, "latent." + name));
      EXPECT_LT(velocity_error, 1e-3) << name;
      EXPECT_LT(latent_error, 1e-3) << name;
      worst = std::max({worst, velocity_error, latent_error});
    }
  }
  RecordProperty("worst_relative_error", std::to_string(worst));
  std::cout << "worst relative error of a velocity or latent: " << worst << "\n";
}

TEST(Rollout, GivenThePublishedLatentsEachVelocityIsThatOfASingleModule) {
  const RolloutInputs inputs;
  SmallTransformer transformer(reference_config(), reference_transformer_weights(), inputs);
  transformer.fill_sink();
  for (std::int64_t block = 0; block < inputs.blocks(); ++block) {
    at::Tensor latent = inputs.noise_CFYX(block);
    for (std::int64_t step = 0; step < inputs.steps; ++step) {
      const std::string name = place(block / inputs.blocks_per_clip, block % inputs.blocks_per_clip, step);
      const at::Tensor velocity = transformer.velocity_CFYX(block, step, latent);
      EXPECT_LT(relative_error(velocity, reference_tensor(kRollout, "velocity." + name)), 1e-4) << name;
      latent = reference_tensor(kRollout, "latent." + name);
    }
  }
}

TEST(Rollout, LeavesThePublishedKeysInTheRing) {
  const RolloutInputs inputs;
  SmallTransformer transformer(reference_config(), reference_transformer_weights(), inputs);
  transformer.fill_sink();
  block_major(transformer, inputs);
  const std::regex pattern("end\\.kv_([kv])\\.step(\\d+)\\.layer(\\d+)");
  int compared = 0;
  for (const std::string& name : reference_weights(kRollout).names()) {
    std::smatch match;
    if (!std::regex_match(name, match, pattern)) continue;
    const LayerCache& cache = transformer.cache(std::stol(match[2]), std::stol(match[3]));
    const at::Tensor all = match[1] == "k" ? cache.keys() : cache.values();
    const at::Tensor expected = reference_tensor(kRollout, name)[0];
    const at::Tensor ring = all.narrow(0, all.size(0) - expected.size(0), expected.size(0));
    EXPECT_LT(relative_error(ring, expected), 1e-4) << name;
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

TEST(Rollout, StepMajorOrderGivesTheSameLatentsBitForBit) {
  const RolloutInputs inputs;
  SmallTransformer one(reference_config(), reference_transformer_weights(), inputs);
  SmallTransformer other(reference_config(), reference_transformer_weights(), inputs);
  one.fill_sink();
  other.fill_sink();
  const std::vector<at::Tensor> by_block = block_major(one, inputs);
  const std::vector<at::Tensor> by_step = step_major(other, inputs);
  for (std::size_t block = 0; block < by_block.size(); ++block) {
    EXPECT_TRUE(at::equal(by_block[block], by_step[block])) << "block " << block;
  }
}

TEST(Rollout, AnySplitOfTheLayersGivesTheSameLatentsBitForBit) {
  const RolloutInputs inputs;
  const TransformerConfig config = reference_config();
  SmallTransformer whole(config, reference_transformer_weights(), inputs);
  whole.fill_sink();
  const std::vector<at::Tensor> expected = block_major(whole, inputs);
  std::vector<std::int64_t> every_layer;
  for (std::int64_t layer = 1; layer < config.layers; ++layer) every_layer.push_back(layer);
  const std::vector<std::vector<std::int64_t>> splits = {
      {config.layers / 2}, {1, config.layers - 1}, every_layer};
  for (const auto& cuts : splits) {
    SmallTransformer split(config, reference_transformer_weights(), inputs, cuts);
    split.fill_sink();
    const std::vector<at::Tensor> latents = block_major(split, inputs);
    for (std::size_t block = 0; block < latents.size(); ++block) {
      EXPECT_TRUE(at::equal(latents[block], expected[block]))
          << cuts.size() + 1 << " stacks, block " << block;
    }
  }
}

TEST(Rollout, AClearedWindowForgetsEverythingButTheSink) {
  const RolloutInputs inputs;
  SmallTransformer transformer(reference_config(), reference_transformer_weights(), inputs);
  transformer.fill_sink();
  const std::vector<at::Tensor> once = step_major(transformer, inputs);
  transformer.clear_windows();
  const std::vector<at::Tensor> again = step_major(transformer, inputs);
  for (std::size_t block = 0; block < once.size(); ++block) EXPECT_TRUE(at::equal(once[block], again[block]));
}

TEST(Rollout, LatentsCarriedFromAClipRebuildTheWindow) {
  const RolloutInputs inputs;
  SmallTransformer uninterrupted(reference_config(), reference_transformer_weights(), inputs);
  SmallTransformer resumed(reference_config(), reference_transformer_weights(), inputs);
  uninterrupted.fill_sink();
  resumed.fill_sink();
  // The first clip began with an empty window, as a rebuilt one does: what follows must be the same.
  const std::int64_t next = inputs.blocks_per_clip;
  for (std::int64_t block = 0; block < next; ++block) {
    at::Tensor entering = inputs.noise_CFYX(block);
    for (std::int64_t step = 0; step < inputs.steps; ++step) {
      resumed.velocity_CFYX(block, step, entering);
      entering = uninterrupted.denoise(block, step, entering);
    }
  }
  const at::Tensor noise = inputs.noise_CFYX(next);
  EXPECT_TRUE(at::equal(resumed.denoise(next, 0, noise), uninterrupted.denoise(next, 0, noise)));
}

TEST(Rollout, FoldingTheLastStepMovesTheLatentsByLessThanAPercent) {
  const RolloutInputs inputs;
  const FlowSchedule folded = flow_schedule(inputs.steps, true);
  double worst = 0;
  for (std::int64_t clip = 0; clip < inputs.clips; ++clip) {
    for (std::int64_t block = 0; block < inputs.blocks_per_clip; ++block) {
      const std::int64_t last = folded.steps() - 1;
      const at::Tensor before = last > 0
                                    ? reference_tensor(kRollout, "latent." + place(clip, block, last - 1))
                                    : inputs.noise_CFYX(clip * inputs.blocks_per_clip + block);
      const at::Tensor velocity = reference_tensor(kRollout, "velocity." + place(clip, block, last));
      const at::Tensor complete = reference_tensor(kRollout, "latent." + place(clip, block, last + 1));
      worst = std::max(worst, relative_error(euler_step(folded, last, before, velocity), complete));
    }
  }
  RecordProperty("fold_last_step_relative_error", std::to_string(worst));
  std::cout << "fold_last_step: relative error against all steps " << worst << "\n";
  EXPECT_LT(worst, 0.01);
}

}  // namespace
}  // namespace longtake
