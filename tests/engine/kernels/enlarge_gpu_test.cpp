#include "rank/engine/kernels/enlarge.h"

#include <gtest/gtest.h>

#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

/// Frames, height, width, channels of a frame that comes out, how many come out of one.
struct Sizes {
  std::int64_t frames, height, width, channels, of_a_frame;
};

using Case = std::tuple<Sizes, at::ScalarType>;

class EnlargeOnGpu : public testing::TestWithParam<Case> {
 protected:
  const Sizes& sizes() const { return std::get<0>(GetParam()); }
  at::Tensor x_THWC() const {
    return normal_numbers(1, {sizes().frames, sizes().height, sizes().width, all_channels()},
                          std::get<1>(GetParam()));
  }
  at::Tensor bias() const { return normal_numbers(2, {all_channels()}, std::get<1>(GetParam())); }

  at::Tensor enlarged(const at::Tensor& x_THWC, const at::Tensor& bias) const {
    const at::Tensor out_THWC = at::empty(
        {sizes().frames * sizes().of_a_frame, 2 * sizes().height, 2 * sizes().width, sizes().channels},
        x_THWC.options());
    enlarge_into(out_THWC, x_THWC, bias);
    return out_THWC;
  }

 private:
  std::int64_t all_channels() const { return sizes().channels * sizes().of_a_frame; }
};

TEST_P(EnlargeOnGpu, GivesTheCpusBits) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  EXPECT_TRUE(at::equal(enlarged(x_THWC().cuda(), {}).cpu(), enlarged(x_THWC(), {})));
  EXPECT_TRUE(at::equal(enlarged(x_THWC().cuda(), bias().cuda()).cpu(), enlarged(x_THWC(), bias())));
}

// Channels of the published VAE, and some without whole octets.
INSTANTIATE_TEST_SUITE_P(Shapes, EnlargeOnGpu,
                         testing::Combine(testing::Values(Sizes{4, 20, 36, 192, 1}, Sizes{2, 10, 18, 384, 2},
                                                          Sizes{1, 5, 9, 384, 2}, Sizes{3, 3, 5, 12, 2},
                                                          Sizes{1, 1, 1, 8, 1}),
                                          testing::Values(at::kFloat, at::kBFloat16, at::kHalf)));

}  // namespace
}  // namespace longtake
