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
Errors errors_of(Precision precision, KvCacheDtype kv_cache_dtype = KvCacheDtype::Auto) {
  const RolloutInputs inputs;
  SmallTransformer exact(reference_config(), reference_transformer_weights(), inputs);
  SmallTransformer given(reference_config(), reference_weights_in(precision), inputs, {}, kv_cache_dtype);
  SmallTransformer alone(reference_config(), reference_weights_in(precision), inputs, {}, kv_cache_dtype);
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
  std::string name(name_of(precision));
  if (kv_cache_dtype == KvCacheDtype::Fp8) name += "_kv_cache_fp8";
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

TEST(EightBitRollout, WithCachesInFp8StaysNearFloat32) {
  const Errors errors = errors_of(Precision::Auto, KvCacheDtype::Fp8);
  EXPECT_GT(errors.velocity, 1e-4);  // it is not float32
  EXPECT_LT(errors.velocity, 0.05);
  EXPECT_LT(errors.latent, 0.05);
}

TEST(EightBitRollout, InFp8AltogetherStaysNearFloat32) {
  const Errors errors = errors_of(Precision::Fp8, KvCacheDtype::Fp8);
  EXPECT_LT(errors.velocity, 0.05);
  EXPECT_LT(errors.latent, 0.05);
}

/// All blocks of the rollout, with matrices and caches in fp8.
class Fp8Rollout : public testing::Test {
 protected:
  SmallTransformer transformer(std::vector<std::int64_t> cuts = {}) const {
    SmallTransformer made(reference_config(), reference_weights_in(Precision::Fp8), inputs_, std::move(cuts),
                          KvCacheDtype::Fp8);
    made.fill_sink();
    return made;
  }

  static void expect_equal(const std::vector<at::Tensor>& one, const std::vector<at::Tensor>& other) {
    ASSERT_EQ(one.size(), other.size());
    for (std::size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(at::equal(one[i], other[i])) << "block " << i;
  }

  RolloutInputs inputs_;
};

TEST_F(Fp8Rollout, OfLayersSharedOutIsTheSameBitForBit) {
  SmallTransformer whole = transformer(), shared = transformer({1, 3});
  expect_equal(step_major(whole, inputs_), step_major(shared, inputs_));
}

TEST_F(Fp8Rollout, InAnyOrderIsTheSameBitForBit) {
  SmallTransformer one = transformer(), other = transformer();
  expect_equal(step_major(one, inputs_), block_major(other, inputs_));
}

TEST_F(Fp8Rollout, ForgetsEverythingButTheSink) {
  SmallTransformer one = transformer();
  const std::vector<at::Tensor> once = step_major(one, inputs_);
  one.clear_windows();
  expect_equal(step_major(one, inputs_), once);
}

}  // namespace
}  // namespace longtake
