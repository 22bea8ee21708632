#include "jobs/model/vae_operations.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

/// One level of one residual block, so that everything happens at one size.
VaeShape flat() {
  VaeShape vae;
  vae.dim = 10;
  vae.z_dim = 2;
  vae.dim_mult = {1};
  vae.num_res_blocks = 0;
  vae.temporal_downsample = {};
  return vae;
}

TEST(VaeOperations, AreThoseOfEveryConvolution) {
  const double convolutions = 27 * (2 * 10 + 6 * 10 * 10 + 10 * 3);  // first, three residual blocks, last
  const double attention = 4 * 10 * 10 + 2 * 16 * 10;                // projections, and a frame with itself
  EXPECT_EQ(decoding_operations(flat(), {4, 4}), 2 * 16 * (convolutions + attention));
}

/// What docs/performance.md and docs/performance-gpu.md say of it, without attention and 1 x 1 convolutions.
TEST(VaeOperations, OfThePublishedDecoder) {
  EXPECT_NEAR(12 * decoding_operations(VaeShape{}, {256, 384}) / 1e12, 9.5, 0.5);
  EXPECT_NEAR(12 * decoding_operations(VaeShape{}, {400, 720}) / 1e12, 27.8, 1.5);
}

}  // namespace
}  // namespace longtake
