#include "scheduler/doctor/nvidia_smi.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kTwoGpus =
    "GPU-aaaa, NVIDIA H100 80GB HBM3, 81559, 512, Enabled, 580.159.04\n"
    "GPU-bbbb, NVIDIA H100 80GB HBM3, 81559, 0, Disabled, 580.159.04\n";

TEST(NvidiaSmi, ListsGpus) {
  const std::vector<GpuState> gpus = gpus_from_csv(kTwoGpus);
  ASSERT_THAT(gpus, SizeIs(2));
  EXPECT_EQ(gpus[0].uuid, "GPU-aaaa");
  EXPECT_EQ(gpus[0].name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(gpus[0].memory_bytes, 81559LL << 20);
  EXPECT_EQ(gpus[0].used_bytes, 512LL << 20);
  EXPECT_TRUE(gpus[0].is_persistent);
  EXPECT_FALSE(gpus[1].is_persistent);
  EXPECT_EQ(driver_from_csv(kTwoGpus), "580.159.04");
}

TEST(NvidiaSmi, LinesOfOtherShapesAreLeftOut) {
  EXPECT_THAT(gpus_from_csv("No devices were found\n"), IsEmpty());
  EXPECT_THAT(driver_from_csv(""), IsEmpty());
}

TEST(NvidiaSmi, PutsProcessesToTheirGpus) {
  std::vector<GpuState> gpus = gpus_from_csv(kTwoGpus);
  add_processes_from_csv(
      "GPU-bbbb, 4711, /usr/bin/python3, 20480\nGPU-bbbb, 4712, python, [N/A]\nGPU-cccc, 1, other, 1\n",
      gpus);
  EXPECT_THAT(gpus[0].processes, IsEmpty());
  ASSERT_THAT(gpus[1].processes, SizeIs(2));
  EXPECT_EQ(gpus[1].processes[0].pid, 4711);
  EXPECT_EQ(gpus[1].processes[0].program, "/usr/bin/python3");
  EXPECT_EQ(gpus[1].processes[0].bytes, 20LL << 30);
  EXPECT_EQ(gpus[1].processes[1].bytes, 0);
}

TEST(NvidiaSmi, ReadsWhatSlowsTheClocks) {
  std::vector<GpuState> gpus = gpus_from_csv(kTwoGpus);
  // Idle, and the power limit of the card, are as they should be.
  add_slow_clocks_from_csv("GPU-aaaa, 0x0000000000000005\nGPU-bbbb, 0x0000000000000020\n", gpus);
  EXPECT_THAT(gpus[0].slowed_by, IsEmpty());
  EXPECT_THAT(gpus[1].slowed_by, ElementsAre("heat"));
}

TEST(NvidiaSmi, AnErrorInPlaceOfClocksSaysNothing) {
  std::vector<GpuState> gpus = gpus_from_csv(kTwoGpus);
  add_slow_clocks_from_csv("Field \"clocks_throttle_reasons.active\" is not a valid field to query.\n", gpus);
  EXPECT_THAT(gpus[0].slowed_by, IsEmpty());
}

TEST(NvidiaSmi, FindsTheCudaOfTheDriver) {
  EXPECT_EQ(
      cuda_from_heading("| NVIDIA-SMI 550.54.15   Driver Version: 550.54.15   CUDA Version: 12.4     |"),
      "12.4");
  EXPECT_EQ(cuda_from_heading("| NVIDIA-SMI 590.10  CUDA UMD Version : 13.1 |"), "13.1");
  EXPECT_EQ(cuda_from_heading("nothing"), "");
}

}  // namespace
}  // namespace longtake
