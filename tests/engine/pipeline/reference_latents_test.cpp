#include "rank/engine/pipeline/reference_latents.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "rank/engine/transformer/token_grid.h"

namespace longtake {
namespace {

TEST(ReferenceLatents, AreThoseOfAVideoOfTheImageAtRest) {
  const c10::InferenceMode inference;
  VaeConfig config;
  config.dim = 4;
  config.z_dim = 2;
  config.dim_mult = {1, 1, 1, 1};
  config.num_res_blocks = 1;
  config.temporal_downsample = {false, true, true};
  config.latent_mean = {0, 0};
  config.latent_std = {1, 1};
  const VaeEncoder encoder(config, random_weights(9, {}));
  std::vector<std::uint8_t> rgb(std::size_t{16} * 24 * 3);
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 31 % 256);

  const ReferenceLatents latents = encode_reference(encoder, rgb, {16, 24});

  at::Tensor video = at::empty({1, 3, 365, 16, 24});
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(rgb.size()); ++i) {
    video.select(4, i / 3 % 24)
        .select(3, i / 72)
        .select(1, i % 3)
        .fill_(rgb[static_cast<std::size_t>(i)] / 127.5 - 1);
  }
  VaeStream stream;
  const at::Tensor expected_CFYX = encoder.encode(stream, video)[0];
  EXPECT_EQ(expected_CFYX.size(1), 92);
  EXPECT_TRUE(at::allclose(latents.reference_CFYX, expected_CFYX.narrow(1, 1, 1), 1e-5, 1e-5));
  EXPECT_TRUE(at::allclose(latents.motion_CFYX,
                           expected_CFYX.narrow(1, 92 - kMotionLatentFrames, kMotionLatentFrames), 1e-5,
                           1e-5));
}

}  // namespace
}  // namespace longtake
