#include "rank/engine/gpu/memory_cap.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "rank/engine/devices/own_memory.h"
#include "rank/engine/gpu/device_failure.h"
#include "rank/engine/gpu/device_memory.h"
#include "tests/engine/gpu/skip_without_gpu.h"

namespace longtake {
namespace {

constexpr std::int64_t kMebibyte = 1 << 20;
constexpr std::int64_t kGibibyte = kMebibyte << 10;

at::Device gpu() { return {at::kCUDA, 0}; }

at::Tensor bytes(std::int64_t count) {
  return at::empty({count}, at::TensorOptions(at::kByte).device(gpu()));
}

class MemoryCapOnGpu : public testing::Test {
 protected:
  void TearDown() override {
    if (cuda_device_count() == 0) return;
    cap_allocator(gpu(), 0);
    empty_device_cache(gpu());
  }
};

TEST_F(MemoryCapOnGpu, GivesWhatItAllowsAndRefusesMore) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  empty_device_cache(gpu());
  cap_allocator(gpu(), kGibibyte);
  const at::Tensor first = bytes(900 * kMebibyte);
  try {
    bytes(200 * kMebibyte);
    FAIL() << "it was given";
  } catch (const c10::Error& e) {
    EXPECT_EQ(kind_of(e), ErrorKind::OutOfMemory);
    EXPECT_EQ(asked_bytes_text(e.what_without_backtrace()), "200.00 MiB") << e.what_without_backtrace();
  }
  EXPECT_LE(device_memory(gpu())->reserved, kGibibyte);
  EXPECT_TRUE(can_compute(gpu())) << "memory that runs out breaks nothing";
}

TEST_F(MemoryCapOnGpu, HandsOutNothingThatWasKeptForLaterBeyondIt) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  bytes(600 * kMebibyte);
  cap_allocator(gpu(), 100 * kMebibyte);
  EXPECT_THROW(bytes(600 * kMebibyte), c10::Error);
}

TEST_F(MemoryCapOnGpu, OfZeroIsNone) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  cap_allocator(gpu(), 100 * kMebibyte);
  cap_allocator(gpu(), 0);
  EXPECT_NO_THROW(bytes(500 * kMebibyte));
}

TEST_F(MemoryCapOnGpu, PeaksAreThoseSinceTheyWereForgotten) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  bytes(300 * kMebibyte);
  forget_device_peak(gpu());
  const at::Tensor kept = bytes(100 * kMebibyte);
  const DeviceMemory memory = device_memory(gpu()).value();
  EXPECT_GE(memory.peak_allocated, 100 * kMebibyte);
  EXPECT_LT(memory.peak_allocated, 300 * kMebibyte);
  EXPECT_EQ(memory.allocated, memory.peak_allocated);
  EXPECT_GE(memory.peak_reserved, memory.peak_allocated);
}

TEST_F(MemoryCapOnGpu, AnEmptiedCacheIsTheDevicesAgain) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  bytes(600 * kMebibyte);
  const std::int64_t free_before = driver_memory(gpu())->free;
  empty_device_cache(gpu());
  EXPECT_GE(driver_memory(gpu())->free, free_before + 600 * kMebibyte);
}

/// What the planner's allowance for the context has to cover.
TEST_F(MemoryCapOnGpu, ContextAndKernelsFitTheirAllowance) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const auto options = at::TensorOptions(at::kBFloat16).device(gpu());
  const at::Tensor a = at::ones({2048, 2048}, options);
  at::mm(a, a).sum().item();
  at::conv3d(at::ones({1, 16, 4, 64, 64}, options), at::ones({16, 16, 3, 3, 3}, options)).sum().item();
  const auto beside = OwnMemory(cuda_device_address(0)).beside(device_memory(gpu())->reserved);
  if (!beside) GTEST_SKIP() << "nobody here tells what of the device is this process's";
  RecordProperty("beside_tensors_bytes", std::to_string(*beside));
  std::printf("beside tensors: %.1f MB\n", static_cast<double>(*beside) / 1e6);
  EXPECT_LE(*beside, kGibibyte * 24 - allocator_share(kGibibyte * 24, false));
}

}  // namespace
}  // namespace longtake
