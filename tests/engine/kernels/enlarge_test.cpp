#include "rank/engine/kernels/enlarge.h"

#include <gtest/gtest.h>

#include "tests/engine/kernels/numbers.h"

namespace longtake {
namespace {

/// By LibTorch's own operations, in another memory order.
at::Tensor by_other_means(const at::Tensor& x_THWC, std::int64_t channels, const at::Tensor& bias_C) {
  const at::Tensor x_TCHW = (bias_C.defined() ? x_THWC + bias_C : x_THWC).permute({0, 3, 1, 2});
  const std::int64_t height = x_THWC.size(1), width = x_THWC.size(2);
  const at::Tensor frames_TCHW = x_TCHW.reshape({-1, channels, height, width});
  return at::upsample_nearest2d(frames_TCHW, {2 * height, 2 * width}).permute({0, 2, 3, 1});
}

TEST(Enlarge, MakesEveryPixelASquareAndPairsTwoFrames) {
  for (const std::int64_t of_a_frame : {1, 2}) {
    const std::int64_t channels = 12, all = of_a_frame * channels;
    const at::Tensor x_THWC = normal_numbers(1, {3, 5, 7, all});
    for (const at::Tensor& bias : {normal_numbers(2, {all}), at::Tensor()}) {
      const at::Tensor out_THWC = at::empty({3 * of_a_frame, 10, 14, channels});
      enlarge_into(out_THWC, x_THWC, bias);
      EXPECT_TRUE(at::equal(out_THWC, by_other_means(x_THWC, channels, bias))) << of_a_frame;
    }
  }
}

}  // namespace
}  // namespace longtake
