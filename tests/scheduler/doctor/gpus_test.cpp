#include "scheduler/doctor/gpus.h"

#include "tests/scheduler/doctor/finding_matchers.h"
#include "tests/scheduler/doctor/small_profiles.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

GpuFacts host_of(int gpus) {
  GpuFacts facts;
  facts.has_tool = true;
  facts.driver = "580.159.04";
  facts.cuda = "13.0";
  for (int i = 0; i < gpus; ++i) {
    GpuState gpu;
    gpu.uuid = "GPU-" + std::to_string(i);
    gpu.name = "NVIDIA H100 80GB HBM3";
    gpu.memory_bytes = 85520809984;
    gpu.is_persistent = true;
    facts.host.push_back(gpu);
    facts.visible.push_back(i);
  }
  return facts;
}

GpuFacts showing(GpuFacts facts, const std::string& variable, std::vector<int> visible) {
  facts.variable = variable;
  facts.visible = std::move(visible);
  return facts;
}

TEST(CheckGpus, AMachineWithoutThemIsAllRightForACpuProfile) {
  EXPECT_THAT(check_gpus({}, cpu_profile()), is_not_applicable(HasSubstr("no GPU on this host")));
  EXPECT_THAT(check_driver({}, cpu_profile()), is_not_applicable(HasSubstr("no nvidia-smi")));
  EXPECT_THAT(check_gpu_memory({}, cpu_profile()), is_not_applicable(HasSubstr("no GPU")));
  EXPECT_THAT(check_gpu_use({}, cpu_profile()), is_not_applicable(HasSubstr("no GPU")));
  EXPECT_THAT(check_gpu_clocks({}), is_not_applicable(HasSubstr("no GPU")));
}

TEST(CheckGpus, AMachineWithoutThemIsBadForAProfileThatWantsThem) {
  EXPECT_THAT(check_gpus({}, gpu_profile(5)),
              is_bad(HasSubstr("profile 5x80gb wants 5 GPUs on a node, this host shows none")));
  EXPECT_THAT(check_driver({}, gpu_profile(5)),
              AllOf(is_bad(HasSubstr("no NVIDIA driver")), with_remedy(HasSubstr("--gpus all"))));
}

// The published script for 5 GPUs, started on 4, dies while NCCL starts.
TEST(CheckGpus, AProfileThatWantsMoreThanThereAreIsRefusedWithBothNumbers) {
  EXPECT_THAT(check_gpus(host_of(4), gpu_profile(5)),
              AllOf(is_bad(HasSubstr("profile 5x80gb wants 5 GPUs on a node, this process sees 4")),
                    with_remedy(HasSubstr("--profile"))));
  EXPECT_THAT(check_gpus(host_of(5), gpu_profile(5)), is_good(HasSubstr("5 GPUs on this host")));
}

TEST(CheckGpus, HiddenOnesAreShownAgain) {
  EXPECT_THAT(
      check_gpus(showing(host_of(8), "0,1", {0, 1}), gpu_profile(5)),
      AllOf(is_bad(AllOf(HasSubstr("this process sees 2"), HasSubstr("CUDA_VISIBLE_DEVICES=0,1 shows 2"))),
            with_remedy(HasSubstr("unset CUDA_VISIBLE_DEVICES"))));
}

TEST(CheckGpus, AListThatNamesAGpuWhichIsNotThereIsBad) {
  EXPECT_THAT(
      check_gpus(showing(host_of(4), "0,1,2,3,4", {0, 1, 2, 3}), gpu_profile(4)),
      AllOf(is_bad(HasSubstr("CUDA_VISIBLE_DEVICES=0,1,2,3,4 names 5 GPUs, CUDA sees 4 of the 4 here")),
            with_remedy(HasSubstr("from 0 to 3"))));
  EXPECT_THAT(check_gpus(showing(host_of(4), "7", {}), cpu_profile()),
              is_bad(HasSubstr("names 1 GPU, CUDA sees 0")));
}

TEST(CheckGpus, ACpuProfileBesideGpusIsAWarningUnlessTheyAreHidden) {
  EXPECT_THAT(check_gpus(host_of(2), cpu_profile()), is_warning(HasSubstr("uses none of them")));
  EXPECT_THAT(check_gpus(showing(host_of(2), "", {}), cpu_profile()), is_good(HasSubstr("shows 0")));
  EXPECT_THAT(check_gpus(showing(host_of(2), "NoDevFiles", {}), cpu_profile()),
              is_good(HasSubstr("shows 0")));
}

TEST(CheckGpuMemory, AGpuSmallerThanTheProfileSaysIsNamedWithBothSizes) {
  GpuFacts facts = host_of(2);
  EXPECT_THAT(check_gpu_memory(facts, gpu_profile(2)), is_good(HasSubstr("79.65 GiB on the first GPU")));
  facts.host[1].memory_bytes = 42949672960;
  EXPECT_THAT(
      check_gpu_memory(facts, gpu_profile(2)),
      is_bad(AllOf(HasSubstr("GPU 1 (NVIDIA H100 80GB HBM3) has 40.00 GiB"), HasSubstr("79.00 GiB"))));
}

TEST(CheckGpuUse, WhoHoldsMemoryIsNamed) {
  GpuFacts facts = host_of(1);
  EXPECT_THAT(check_gpu_use(facts, gpu_profile(1)), is_good(HasSubstr("no process")));
  facts.host[0].used_bytes = 1 << 29;
  facts.host[0].processes = {{4711, "python3", 1 << 29}};
  EXPECT_THAT(check_gpu_use(facts, gpu_profile(1)),
              is_warning(HasSubstr("python3 (pid 4711) holds 512 MiB")));
}

TEST(CheckGpuUse, TooLittleLeftForAPlanIsBad) {
  GpuFacts facts = host_of(1);
  facts.host[0].used_bytes = 8LL << 30;
  facts.host[0].processes = {{4711, "python3", 8LL << 30}};
  EXPECT_THAT(
      check_gpu_use(facts, gpu_profile(1)),
      is_bad(AllOf(HasSubstr("8.00 GiB in use"), HasSubstr("pid 4711"), HasSubstr("may take 77.00 GiB"))));
  facts.host[0].processes.clear();
  EXPECT_THAT(check_gpu_use(facts, gpu_profile(1)), is_bad(HasSubstr("outside of this container")));
}

TEST(CheckGpuClocks, HeatAndPersistenceAreSaid) {
  GpuFacts facts = host_of(1);
  EXPECT_THAT(check_gpu_clocks(facts), is_good(HasSubstr("persistence mode is on")));
  facts.host[0].is_persistent = false;
  EXPECT_THAT(check_gpu_clocks(facts), is_warning(HasSubstr("persistence mode is off")));
  facts.host[0].slowed_by = {"heat"};
  EXPECT_THAT(check_gpu_clocks(facts), is_warning(HasSubstr("is slowed by heat")));
}

TEST(CheckDriver, ADriverThatFailsIsBadInItsOwnWords) {
  GpuFacts facts;
  facts.has_tool = true;
  facts.failure = "Failed to initialize NVML: Driver/library version mismatch";
  EXPECT_THAT(check_driver(facts, cpu_profile()),
              AllOf(is_bad(HasSubstr("version mismatch")), with_remedy(HasSubstr("reboot"))));
  EXPECT_THAT(check_driver(host_of(1), gpu_profile(1)),
              is_good("driver 580.159.04, runs CUDA programs up to 13.0"));
}

}  // namespace
}  // namespace longtake
