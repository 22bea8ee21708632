#include "rank/engine/bench/tensor_memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "rank/engine/compute_threads.h"

namespace longtake {
namespace {

constexpr std::int64_t kMegabyte = 1 << 20;

at::Tensor megabyte() { return at::empty({kMegabyte}, at::kByte); }

TEST(TensorMemory, CountsWhatLivesAndTheMostThatLived) {
  const TensorMemory memory(at::kCPU);
  at::Tensor kept = megabyte();
  EXPECT_EQ(memory.live_bytes(), kMegabyte);
  {
    const at::Tensor a = megabyte(), b = megabyte();
    EXPECT_EQ(memory.live_bytes(), 3 * kMegabyte);
  }
  EXPECT_EQ(memory.live_bytes(), kMegabyte);
  EXPECT_EQ(memory.peak_bytes(), 3 * kMegabyte);
}

TEST(TensorMemory, ForgetsAPeak) {
  TensorMemory memory(at::kCPU);
  const at::Tensor kept = megabyte();
  megabyte();
  memory.forget_peak();
  EXPECT_EQ(memory.peak_bytes(), kMegabyte);
}

TEST(TensorMemory, AViewTakesNothing) {
  const at::Tensor tensor = megabyte();
  const TensorMemory memory(at::kCPU);
  const at::Tensor view = tensor.narrow(0, 0, 100);
  EXPECT_EQ(memory.peak_bytes(), 0);
}

TEST(TensorMemory, CountsTheComputeThreadsToo) {
  use_compute_threads(3);
  std::vector<at::Tensor> made(6);
  const TensorMemory memory(at::kCPU);
  for_each_tile(at::kCPU, 6, [&](std::int64_t tile) { made[static_cast<std::size_t>(tile)] = megabyte(); });
  EXPECT_EQ(memory.live_bytes(), 6 * kMegabyte);
  use_compute_threads(1);
}

}  // namespace
}  // namespace longtake
