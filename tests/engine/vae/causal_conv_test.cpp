#include "rank/engine/vae/causal_conv.h"

#include <ATen/record_function.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "rank/engine/compute_threads.h"
#include "rank/engine/vae/gpu_conv.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

struct Kernel {
  at::Tensor weight;
  at::Tensor bias;
  StackedKernel stacked;
};

Kernel random_kernel(std::int64_t in, std::int64_t out, std::int64_t depth, std::int64_t side) {
  Kernel kernel{at::randn({out, in, depth, side, side}), at::randn({out}), {}};
  kernel.stacked = StackedKernel::of(kernel.weight, kernel.bias);
  return kernel;
}

/// What a GPU computes: the zeros are frames in memory, the bias is added behind.
at::Tensor all_at_once(const Kernel& kernel, const at::Tensor& x_TCHW, std::int64_t zeros,
                       std::int64_t stride) {
  const at::Tensor frames = channels_last(at::constant_pad_nd(x_TCHW, {0, 0, 0, 0, 0, 0, zeros, 0}));
  return conv_clip(kernel.weight, frames, stride) + kernel.bias.view({-1, 1, 1});
}

FrameViews after_zeros(std::int64_t zeros, const at::Tensor& x_TCHW) {
  FrameViews frames = views_of(x_TCHW);
  frames.insert(frames.begin(), static_cast<std::size_t>(zeros), at::Tensor());
  return frames;
}

class ConvOverTime : public ::testing::Test {
 protected:
  ConvOverTime() { at::manual_seed(3); }
};

TEST_F(ConvOverTime, BandsGiveWhatOneConvolutionGives) {
  for (const std::int64_t side : {1, 3}) {
    const Kernel kernel = random_kernel(4, 6, 3, side);
    for (const std::int64_t zeros : {0, 1, 2}) {
      for (const std::int64_t frames : {3, 4, 5}) {
        const at::Tensor x = channels_last(at::randn({frames, 4, 6, 10}));
        const at::Tensor at_once = all_at_once(kernel, x, zeros, 1);
        const at::Tensor by_bands = conv_by_bands(kernel.stacked, after_zeros(zeros, x), {});
        EXPECT_EQ(at_once.size(0), frames + zeros - 2);
        EXPECT_LT(relative_error(by_bands, at_once), 1e-6) << side << " " << zeros << " " << frames;
      }
    }
  }
}

TEST_F(ConvOverTime, BandsGiveWhatOneConvolutionWithAStrideGives) {
  const Kernel kernel = random_kernel(4, 4, 3, 1);
  for (const std::int64_t frames : {3, 5, 9}) {
    const at::Tensor x = channels_last(at::randn({frames, 4, 6, 10}));
    const at::Tensor at_once = all_at_once(kernel, x, 0, 2);
    EXPECT_EQ(at_once.size(0), (frames - 1) / 2);
    ConvSteps steps;
    steps.time = 2;
    EXPECT_LT(relative_error(conv_by_bands(kernel.stacked, views_of(x), steps), at_once), 1e-6);
  }
}

TEST_F(ConvOverTime, AddsWhatItIsGiven) {
  const Kernel kernel = random_kernel(4, 6, 3, 3);
  const at::Tensor x = channels_last(at::randn({4, 4, 6, 10}));
  const at::Tensor plus = channels_last(at::randn({2, 6, 6, 10}));
  const at::Tensor expected = conv_by_bands(kernel.stacked, views_of(x), {}) + plus;
  EXPECT_TRUE(at::equal(conv_by_bands(kernel.stacked, views_of(x), {}, plus), expected));
}

TEST_F(ConvOverTime, EnlargesAndHalvesAsLibTorchDoes) {
  const Kernel kernel = random_kernel(4, 6, 1, 3);
  const at::Tensor weight = kernel.weight.squeeze(2), x = channels_last(at::randn({2, 4, 6, 10}));
  ConvSteps enlarge, halve;
  enlarge.enlarge = 2;
  halve.side = 2;
  const at::Tensor large = at::conv2d(at::upsample_nearest2d(x, {12, 20}), weight, kernel.bias, 1, 1);
  EXPECT_LT(relative_error(conv_by_bands(kernel.stacked, views_of(x), enlarge), large), 1e-6);
  const at::Tensor small = at::conv2d(at::constant_pad_nd(x, {0, 1, 0, 1}), weight, kernel.bias, 2);
  EXPECT_LT(relative_error(conv_by_bands(kernel.stacked, views_of(x), halve), small), 1e-6);
}

/// The input of every 2-D convolution since construction, in any order.
class SeenConvolutions {
 public:
  SeenConvolutions() {
    seen().clear();
    handle_ = at::addGlobalCallback(at::RecordFunctionCallback(note).needsInputs(true));
  }
  ~SeenConvolutions() { at::removeCallback(handle_); }

  static std::multiset<std::vector<std::int64_t>>& seen() {
    static std::multiset<std::vector<std::int64_t>> sizes;
    return sizes;
  }

 private:
  static std::unique_ptr<at::ObserverContext> note(const at::RecordFunction& op) {
    static std::mutex mutex;
    if (std::string(op.name()) != "aten::conv2d") return nullptr;
    const std::lock_guard<std::mutex> lock(mutex);
    seen().insert(op.inputs()[0].toTensor().sizes().vec());
    return nullptr;
  }

  at::CallbackHandle handle_;
};

// Whether other cuts change the bits is up to LibTorch; that they are the same is up to us.
TEST_F(ConvOverTime, TheNumberOfThreadsChangesNeitherCutsNorBits) {
  const Kernel kernel = random_kernel(24, 20, 3, 3);
  const at::Tensor x = channels_last(at::randn({4, 24, 70, 90}));
  at::Tensor expected;
  std::multiset<std::vector<std::int64_t>> cuts;
  for (const int threads : {1, 2, 3, 5}) {
    use_compute_threads(threads);
    const SeenConvolutions convolutions;
    const at::Tensor out = conv_by_bands(kernel.stacked, views_of(x), {});
    if (threads == 1) expected = out, cuts = convolutions.seen();
    EXPECT_TRUE(at::equal(out, expected)) << threads;
    EXPECT_EQ(convolutions.seen(), cuts) << threads;
  }
  EXPECT_GT(cuts.size(), 2U) << "two frames, and nothing to share within one";
  use_compute_threads(1);
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
