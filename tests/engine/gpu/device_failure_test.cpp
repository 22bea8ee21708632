#include "rank/engine/gpu/device_failure.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "rank/engine/gpu/memory_cap.h"

namespace longtake {
namespace {

TEST(DeviceFailure, KindIsThatOfTheWords) {
  const std::pair<const char*, ErrorKind> table[] = {
      {"CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.10 GiB",
       ErrorKind::OutOfMemory},
      {"[enforce fail at alloc_cpu.cpp:75] DefaultCPUAllocator: can't allocate memory: you tried to allocate "
       "4096 "
       "bytes.",
       ErrorKind::OutOfMemory},
      {"CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", ErrorKind::OutOfMemory},
      {"CUDA error: an illegal memory access was encountered", ErrorKind::DeviceLost},
      {"CUDA error: device-side assert triggered", ErrorKind::DeviceLost},
      {"CUDA error: uncorrectable ECC error encountered", ErrorKind::DeviceLost},
      {"cuDNN error: CUDNN_STATUS_EXECUTION_FAILED", ErrorKind::DeviceLost},
      {"CUDA error: no kernel image is available for execution on the device", ErrorKind::Bug},
      {"CUDA error: invalid configuration argument", ErrorKind::Bug},
      {"cuDNN error: CUDNN_STATUS_NOT_SUPPORTED", ErrorKind::Bug},
      {"mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)", ErrorKind::Bug},
  };
  for (const auto& [words, kind] : table) EXPECT_EQ(kind_of_failure(words), kind) << words;
}

TEST(DeviceFailure, SaysWhatWasAskedFor) {
  EXPECT_EQ(asked_bytes_text("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0"), "20.00 MiB");
  EXPECT_EQ(asked_bytes_text("can't allocate memory: you tried to allocate 4096 bytes. Error"), "4096 bytes");
  EXPECT_EQ(asked_bytes_text("CUDA error: an illegal memory access was encountered"), "");
}

TEST(DeviceFailure, OfAHostThatCannotGiveSoMuchIsOutOfMemory) {
  constexpr std::int64_t kFar = std::int64_t{1} << 60;
  try {
    at::empty({kFar}, at::kByte);
    FAIL() << "no error";
  } catch (const c10::Error& e) {
    EXPECT_EQ(kind_of(e), ErrorKind::OutOfMemory) << e.what_without_backtrace();
    EXPECT_NE(asked_bytes_text(e.what_without_backtrace()), "");
  }
}

TEST(DeviceFailure, ACpuComputesAlways) { EXPECT_TRUE(can_compute(at::kCPU)); }

TEST(AllocatorShare, LeavesRoomForWhatIsNotTensors) {
  constexpr std::int64_t kCard = 24'000'000'000;
  EXPECT_LT(allocator_share(kCard, false), kCard);
  EXPECT_LT(allocator_share(kCard, true), allocator_share(kCard, false)) << "NCCL takes some too";
  EXPECT_EQ(allocator_share(0, false), 0) << "no limit stays none";
  EXPECT_GT(allocator_share(1, true), 0) << "too little is not no limit";
}

}  // namespace
}  // namespace longtake
