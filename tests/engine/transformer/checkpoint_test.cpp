#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/error.h"
#include "rank/engine/compute_threads.h"
#include "rank/engine/transformer/transformer_parts.h"
#include "tests/engine/reference.h"
#include "tests/engine/transformer/small_transformer.h"

namespace longtake {
namespace {

void take_everything(const TransformerConfig& config, const Weights& weights) {
  const InputEmbedding input(config, weights);
  const TextEmbedding text(config, weights);
  const TimeEmbedding time(config, weights);
  const AudioEncoder audio(config, weights);
  const LayerStack layers(config, {0, config.layers}, weights);
  const OutputHead head(config, weights);
}

TEST(TransformerCheckpoint, EveryTensorHasAUse) {
  const Weights weights = reference_transformer_weights();
  const TransformerConfig config = reference_config();
  take_everything(config, weights);
  EXPECT_NO_THROW(weights.refuse_unused());
}

TEST(TransformerCheckpoint, AStageKnowsTheTensorsOfTheOthers) {
  const TransformerConfig config = reference_config();
  const Weights weights = reference_transformer_weights();
  const LayerStack middle(config, {1, config.layers - 1}, weights);
  leave_other_parts(config, {{1, config.layers - 1}, false, false, false, false, false}, weights);
  EXPECT_NO_THROW(weights.refuse_unused());
}

TEST(TransformerCheckpoint, AStageRefusesAnUnknownTensor) {
  const TransformerConfig config = reference_config();
  std::map<std::string, at::Tensor> tensors;
  const Weights all = reference_transformer_weights();
  for (const std::string& name : all.names()) tensors[name] = all.take(name, all.shape_of(name));
  tensors["blocks.0.self_attn.gate.weight"] = at::zeros({2});
  const Weights weights = weights_of(tensors, {});
  const LayerStack first(config, {0, 1}, weights);
  leave_other_parts(config, {{0, 1}, false, false, false, false, false}, weights);
  try {
    weights.refuse_unused();
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("blocks.0.self_attn.gate.weight"));
  }
}

TEST(TransformerCheckpoint, ShardsInBfloat16GiveTheSameModelUpToRounding) {
  const RolloutInputs inputs;
  const TransformerConfig config = reference_config();
  const Weights shards = open_weights(reference("checkpoint"), {});
  const Weights exact = reference_transformer_weights();
  for (const std::string& name : exact.names()) {
    const std::vector<std::int64_t> shape = exact.shape_of(name);
    EXPECT_TRUE(at::equal(shards.take(name, shape), exact.take(name, shape).to(at::kBFloat16).to(at::kFloat)))
        << name;
  }
  SmallTransformer rounded(config, shards, inputs), whole(config, exact, inputs);
  rounded.fill_sink();
  whole.fill_sink();
  const at::Tensor latent = inputs.noise_CFYX(0);
  EXPECT_LT(relative_error(rounded.velocity_CFYX(0, 0, latent), whole.velocity_CFYX(0, 0, latent)), 0.05);
}

TEST(TransformerCheckpoint, ComputesInBfloat16) {
  const RolloutInputs inputs;
  const TransformerConfig config = reference_config();
  SmallTransformer half(config, open_weights(reference("checkpoint"), {at::kBFloat16, at::kCPU}), inputs);
  half.fill_sink();
  const at::Tensor velocity = half.velocity_CFYX(0, 0, inputs.noise_CFYX(0));
  EXPECT_LT(relative_error(velocity, reference_tensor("dit_rollout.safetensors", "velocity.0.0.0")), 0.05);
}

TEST(ComputeThreads, TheirNumberChangesNoBit) {
  const RolloutInputs inputs;
  const TransformerConfig config = reference_config();
  std::vector<at::Tensor> expected;
  for (const int threads : {1, 2, 3, 7}) {
    use_compute_threads(threads);
    SmallTransformer transformer(config, reference_transformer_weights(), inputs);
    transformer.fill_sink();
    const std::vector<at::Tensor> latents = step_major(transformer, inputs);
    if (expected.empty()) expected = latents;
    for (std::size_t i = 0; i < latents.size(); ++i)
      EXPECT_TRUE(at::equal(latents[i], expected[i])) << threads;
  }
  use_compute_threads(1);
}

TEST(ComputeThreads, AnExceptionOfATileArrives) {
  use_compute_threads(3);
  const auto work = [](std::int64_t tile) {
    if (tile == 5) throw Error(ErrorKind::Bug, "tile 5");
  };
  EXPECT_THROW(for_each_tile(at::kCPU, 20, work), Error);
  std::atomic<int> done{0};
  for_each_tile(at::kCPU, 20, [&](std::int64_t) { ++done; });
  EXPECT_EQ(done, 20);
  use_compute_threads(1);
}

}  // namespace
}  // namespace longtake
