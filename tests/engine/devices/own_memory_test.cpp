#include "rank/engine/devices/own_memory.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace longtake {
namespace {

constexpr const char* kDevice = "0000:1B:00.0";

/// What is in use of the whole device and by this process, from now on.
void set_in_use(const char* device_and_process) { ::setenv("LONGTAKE_FAKE_NVML", device_and_process, 1); }

class OwnMemoryOfAGpu : public testing::Test {
 protected:
  void SetUp() override { set_in_use("17000 0"); }  // of others, before this process begins
  void TearDown() override { ::unsetenv("LONGTAKE_FAKE_NVML"); }
};

TEST_F(OwnMemoryOfAGpu, IsWhatNvmlCountsForThisProcess) {
  const OwnMemory memory(kDevice, LONGTAKE_FAKE_NVML);
  set_in_use("90000 13000");
  EXPECT_EQ(memory.beside(12000), 1000) << "others came meanwhile, and do not count";
}

TEST_F(OwnMemoryOfAGpu, IsWhatCameIntoUseWhereNvmlDoesNotNameTheProcess) {
  const OwnMemory memory(kDevice, LONGTAKE_FAKE_NVML);
  set_in_use("30000 0");
  EXPECT_EQ(memory.beside(12000), 1000);
}

TEST_F(OwnMemoryOfAGpu, IsNotThatOfAnotherProcessWithItsNumber) {
  const OwnMemory memory(kDevice, LONGTAKE_FAKE_NVML);
  set_in_use("30000 500");
  EXPECT_EQ(memory.beside(12000), 1000) << "this process has 12000 at least";
}

TEST_F(OwnMemoryOfAGpu, IsNotToldWhenOthersHaveLeft) {
  const OwnMemory memory(kDevice, LONGTAKE_FAKE_NVML);
  set_in_use("13000 0");
  EXPECT_EQ(memory.beside(12000), std::nullopt);
}

TEST_F(OwnMemoryOfAGpu, IsNotToldWithoutNvmlOrTheDevice) {
  EXPECT_EQ(OwnMemory(kDevice, "libabsent-nvml.so").beside(0), std::nullopt);
  EXPECT_EQ(OwnMemory(kDevice, LONGTAKE_FAKE_NCCL).beside(0), std::nullopt) << "too old: it lacks functions";
  EXPECT_EQ(OwnMemory("0000:2C:00.0", LONGTAKE_FAKE_NVML).beside(0), std::nullopt);
}

TEST(NvmlLibrary, TellsInItsWordsWhatItCannotDo) {
  try {
    NvmlLibrary(LONGTAKE_FAKE_NVML).device("0000:2C:00.0");
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::DeviceLost);
    EXPECT_STREQ(e.what(), "NVML cannot find the device at 0000:2C:00.0: Not Found");
  }
}

}  // namespace
}  // namespace longtake
