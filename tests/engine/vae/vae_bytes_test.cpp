// The planner predicts what the decoder holds; it cannot ask it, so this does.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "jobs/model/vae_memory.h"
#include "rank/engine/vae/vae_decoder.h"

namespace longtake {
namespace {

VaeConfig config_of(const VaeShape& shape) {
  VaeConfig config;
  config.dim = shape.dim;
  config.z_dim = shape.z_dim;
  config.dim_mult = shape.dim_mult;
  config.num_res_blocks = shape.num_res_blocks;
  config.temporal_downsample = shape.temporal_downsample;
  config.latent_mean.assign(static_cast<std::size_t>(shape.z_dim), 0);
  config.latent_std.assign(static_cast<std::size_t>(shape.z_dim), 1);
  return config;
}

void expect_predicted_stream(const VaeShape& shape) {
  const c10::InferenceMode inference;
  const FrameSize size = {32, 64};
  const VaeDecoder decoder(config_of(shape), random_weights(1, {}));
  const int scale = 1 << (shape.levels() - 1);
  VaeStream stream;
  decoder.decode(stream, at::randn({1, shape.z_dim, 4, size.height / scale, size.width / scale}));
  EXPECT_EQ(stream.bytes(), vae_kept_numbers(shape, size) * 4);
}

TEST(VaeBytes, OfAStreamAreThosePredicted) {
  VaeShape published_levels;
  published_levels.dim = 4;
  expect_predicted_stream(published_levels);
  VaeShape other;
  other.dim = 6;
  other.z_dim = 5;
  other.dim_mult = {2, 1, 4};
  other.num_res_blocks = 1;
  other.temporal_downsample = {true, false};
  expect_predicted_stream(other);
}

}  // namespace
}  // namespace longtake
