#include "rank/engine/vae/gpu_conv.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <functional>
#include <iostream>

#include "rank/engine/gpu/device_timer.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

/// A convolution of the published decoder for one latent frame at 720x400.
struct Level {
  std::int64_t frames, channels, height, width;

  double tera_operations() const {
    return 2.0 * 27 * static_cast<double>(channels * channels * frames * height * width) / 1e12;
  }
};

constexpr Level kLevels[] = {{4, 96, 400, 720}, {4, 192, 200, 360}, {2, 384, 100, 180}, {1, 384, 50, 90}};

at::Tensor frames_of(const Level& level) {
  return at::randn({level.frames + 2, level.channels, level.height, level.width},
                   at::TensorOptions(at::kCUDA))
      .to(at::kBFloat16)
      .contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor weight_of(const Level& level) {
  return at::randn({level.channels, level.channels, 3, 3, 3}, at::TensorOptions(at::kCUDA))
      .div_(std::sqrt(27.0 * static_cast<double>(level.channels)))
      .to(at::kBFloat16)
      .contiguous(at::MemoryFormat::ChannelsLast3d);
}

/// The channels of each three frames side by side, and a convolution of frames: twice more memory, no time
/// axis.
at::Tensor by_stacked_frames(const at::Tensor& weight_OCDKK, const at::Tensor& frames_NCHW) {
  const std::int64_t count = frames_NCHW.size(0) - 2;
  const at::Tensor stacked = at::cat(
      {frames_NCHW.narrow(0, 0, count), frames_NCHW.narrow(0, 1, count), frames_NCHW.narrow(0, 2, count)}, 1);
  const at::Tensor weight_OSKK =
      weight_OCDKK.transpose(1, 2).flatten(1, 2).contiguous(at::MemoryFormat::ChannelsLast);
  return at::cudnn_convolution(stacked, weight_OSKK, {1, 1}, {1, 1}, {1, 1}, 1, false, true, false);
}

/// As measured by cuDNN itself.
at::Tensor by_measured_choice(const at::Tensor& weight_OCDKK, const at::Tensor& frames_NCHW) {
  const at::Tensor clip = frames_NCHW.permute({0, 2, 3, 1}).unsqueeze(0).permute({0, 4, 1, 2, 3});
  return at::cudnn_convolution(clip, weight_OCDKK, {0, 1, 1}, {1, 1, 1}, {1, 1, 1}, 1, true, true, false)
      .squeeze(0)
      .transpose(0, 1);
}

double ms_of(const std::function<void()>& work) {
  constexpr int kRuns = 10;
  work();
  DeviceTimer timer(at::Device(at::kCUDA, 0));
  timer.mark();
  for (int run = 0; run < kRuns; ++run) work();
  timer.mark();
  return timer.pieces_ms().front() / kRuns;
}

TEST(ConvOnGpu, OtherWaysGiveTheSameAndTakeThisLong) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  for (const Level& level : kLevels) {
    const at::Tensor x = frames_of(level), weight = weight_of(level);
    const at::Tensor out = conv_clip(weight, x, 1);
    EXPECT_LT(relative_error(by_stacked_frames(weight, x), out), 1e-2);
    EXPECT_LT(relative_error(by_measured_choice(weight, x), out), 1e-2);
    const double ms = ms_of([&] { conv_clip(weight, x, 1); });
    std::cout << level.channels << " channels, " << level.frames << " x " << level.height << " x "
              << level.width << ": " << ms << " ms, " << level.tera_operations() / ms * 1e3
              << " TFLOP/s; stacked " << ms_of([&] { by_stacked_frames(weight, x); })
              << " ms; chosen by measuring " << ms_of([&] { by_measured_choice(weight, x); }) << " ms\n";
  }
}

/// Why CausalConv adds five to the three colours of a frame.
TEST(ConvOnGpu, ThreeChannelsOfEightAreTheThreeAlone) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  const Level level = kLevels[0];
  const at::Tensor x = frames_of(level);
  const at::Tensor eight = weight_of(level).narrow(0, 0, 8).contiguous(at::MemoryFormat::ChannelsLast3d);
  const at::Tensor three = eight.narrow(0, 0, 3).contiguous(at::MemoryFormat::ChannelsLast3d);
  EXPECT_LT(relative_error(conv_clip(eight, x, 1).narrow(1, 0, 3), conv_clip(three, x, 1)), 1e-2);
  std::cout << "to 3 channels: " << ms_of([&] { conv_clip(three, x, 1); })
            << " ms; to 8: " << ms_of([&] { conv_clip(eight, x, 1); }) << " ms\n";
}

}  // namespace
}  // namespace longtake
