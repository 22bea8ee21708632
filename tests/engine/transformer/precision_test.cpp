// What eight bits cost on the reference set: docs/precision.md states these numbers.
#include <gtest/gtest.h>

#include <iostream>

#include "tests/engine/reference.h"
#include "tests/engine/transformer/small_transformer.h"

namespace longtake {
namespace {

Weights reference_weights_in(Precision precision) {
  return reference_transformer_weights({at::kFloat, at::kCPU, precision});
}

struct Errors {
  double velocity = 0;  ///< the worst of one pass, given the latents of float32
  double latent = 0;    ///< the worst of the finished blocks
};

/// Against the same model in float32.
Errors errors_of(Precision precision) {
  const RolloutInputs inputs;
  SmallTransformer exact(reference_config(), reference_transformer_weights(), inputs);
  SmallTransformer given(reference_config(), reference_weights_in(precision), inputs);
  SmallTransformer alone(reference_config(), reference_weights_in(precision), inputs);
  for (SmallTransformer* transformer : {&exact, &given, &alone}) transformer->fill_sink();
  Errors errors;
  for (std::int64_t block = 0; block < inputs.blocks(); ++block) {
    at::Tensor latent = inputs.noise_CFYX(block), own_latent = latent;
    for (std::int64_t step = 0; step < inputs.steps; ++step) {
      const at::Tensor velocity = exact.velocity_CFYX(block, step, latent);
      errors.velocity =
          std::max(errors.velocity, relative_error(given.velocity_CFYX(block, step, latent), velocity));
      own_latent = alone.denoise(block, step, own_latent);
      latent = euler_step(exact.schedule, step, latent, velocity);
    }
    errors.latent = std::max(errors.latent, relative_error(own_latent, latent));
  }
  const std::string name(name_of(precision));
  testing::Test::RecordProperty(name + "_velocity_error", std::to_string(errors.velocity));
  testing::Test::RecordProperty(name + "_latent_error", std::to_string(errors.latent));
  std::cout << name << ": worst relative error of a velocity " << errors.velocity << ", of a finished block "
            << errors.latent << "\n";
  return errors;
}

TEST(EightBitRollout, InFp8StaysNearFloat32) {
  const Errors errors = errors_of(Precision::Fp8);
  EXPECT_LT(errors.velocity, 0.05);
  EXPECT_LT(errors.latent, 0.05);
}

TEST(EightBitRollout, InInt8StaysNearerFloat32) {
  const Errors errors = errors_of(Precision::Int8);
  EXPECT_LT(errors.velocity, 0.01);
  EXPECT_LT(errors.latent, 0.01);
}

TEST(EightBitRollout, OfLayersSharedOutIsTheSameBitForBit) {
  const RolloutInputs inputs;
  SmallTransformer whole(reference_config(), reference_weights_in(Precision::Fp8), inputs);
  SmallTransformer shared(reference_config(), reference_weights_in(Precision::Fp8), inputs, {1, 3});
  whole.fill_sink();
  shared.fill_sink();
  EXPECT_TRUE(
      at::equal(whole.denoise(0, 0, inputs.noise_CFYX(0)), shared.denoise(0, 0, inputs.noise_CFYX(0))));
}

}  // namespace
}  // namespace longtake
