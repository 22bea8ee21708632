#include "rank/engine/vae/causal_conv.h"

#include <gtest/gtest.h>

#include "tests/engine/reference.h"

namespace longtake {
namespace {

struct Kernel {
  at::Tensor weight;
  at::Tensor bias;
  std::vector<at::Tensor> slices;
};

Kernel random_kernel(std::int64_t in, std::int64_t out, std::int64_t depth, std::int64_t side) {
  Kernel kernel{at::randn({out, in, depth, side, side}), at::randn({out}), {}};
  for (std::int64_t time = 0; time < depth; ++time) kernel.slices.push_back(kernel.weight.select(2, time));
  return kernel;
}

class ConvOverTime : public ::testing::Test {
 protected:
  ConvOverTime() { at::manual_seed(3); }
};

TEST_F(ConvOverTime, SlicesGiveWhatOneConvolutionGives) {
  for (const std::int64_t side : {1, 3}) {
    const Kernel kernel = random_kernel(4, 6, 3, side);
    for (const std::int64_t zeros : {0, 1, 2}) {
      for (const std::int64_t frames : {3, 4, 5}) {
        const at::Tensor x = channels_last(at::randn({frames, 4, 6, 10}));
        const at::Tensor at_once = conv_at_once(kernel.weight, kernel.bias, x, zeros, 1);
        const at::Tensor by_slices = conv_by_slices(kernel.slices, kernel.bias, x, zeros, 1);
        EXPECT_EQ(at_once.size(0), frames + zeros - 2);
        EXPECT_LT(relative_error(by_slices, at_once), 1e-6) << side << " " << zeros << " " << frames;
      }
    }
  }
}

TEST_F(ConvOverTime, SlicesGiveWhatOneConvolutionWithAStrideGives) {
  const Kernel kernel = random_kernel(4, 4, 3, 1);
  for (const std::int64_t frames : {3, 5, 9}) {
    const at::Tensor x = channels_last(at::randn({frames, 4, 6, 10}));
    const at::Tensor at_once = conv_at_once(kernel.weight, kernel.bias, x, 0, 2);
    EXPECT_EQ(at_once.size(0), (frames - 1) / 2);
    EXPECT_LT(relative_error(conv_by_slices(kernel.slices, kernel.bias, x, 0, 2), at_once), 1e-6);
  }
}

TEST_F(ConvOverTime, OneFrameAloneNeedsOnlyTheLatestSlice) {
  const Kernel kernel = random_kernel(4, 6, 3, 3);
  const at::Tensor x = channels_last(at::randn({1, 4, 6, 10}));
  const at::Tensor expected = at::conv2d(x, kernel.slices[2], kernel.bias, 1, 1);
  EXPECT_TRUE(at::equal(conv_by_slices(kernel.slices, kernel.bias, x, 2, 1), expected));
}

TEST_F(ConvOverTime, FramesInPiecesGiveWhatAllAtOnceGive) {
  const Weights weights = random_weights(1, {});
  const CausalConv conv(weights, "conv", {4, 6, 3, 3});
  const at::Tensor x = channels_last(at::randn({7, 4, 6, 10}));
  VaeStream whole, pieces;
  const at::Tensor expected = conv(x, whole);
  const at::Tensor out = at::cat({conv(x.narrow(0, 0, 1), pieces), conv(x.narrow(0, 1, 1), pieces),
                                  conv(x.narrow(0, 2, 4), pieces), conv(x.narrow(0, 6, 1), pieces)});
  EXPECT_LT(relative_error(out, expected), 1e-6);
  EXPECT_EQ(pieces.bytes(), 2 * 4 * 6 * 10 * 4);
  EXPECT_EQ(whole.bytes(), pieces.bytes());
}

}  // namespace
}  // namespace longtake
