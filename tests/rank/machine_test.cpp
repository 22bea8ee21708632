#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rank/hardware.h"
#include "rank/processors.h"
#include "rank/visible_gpus.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

const std::vector<std::string> kHost = {"GPU-aa11", "GPU-aa22", "GPU-bb33", "GPU-cc44"};

TEST(VisibleGpus, AllWithoutTheVariableNoneWithAnEmptyOne) {
  EXPECT_THAT(visible_gpus(std::nullopt, kHost), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(visible_gpus("", kHost), IsEmpty());
  EXPECT_THAT(visible_gpus("-1", kHost), IsEmpty());
  EXPECT_THAT(visible_gpus("NoDevFiles", kHost), IsEmpty());
  EXPECT_THAT(visible_gpus(std::nullopt, {}), IsEmpty());
}

TEST(VisibleGpus, IndicesInTheirOrder) {
  EXPECT_THAT(visible_gpus("2,0", kHost), ElementsAre(2, 0));
  EXPECT_THAT(visible_gpus(" 3 , 1 ", kHost), ElementsAre(3, 1));
}

TEST(VisibleGpus, UuidsAndTheirUnmistakableBeginnings) {
  EXPECT_THAT(visible_gpus("GPU-cc44,GPU-aa2", kHost), ElementsAre(3, 1));
  EXPECT_THAT(visible_gpus("GPU-aa", kHost), IsEmpty());
}

TEST(VisibleGpus, TheListEndsBeforeTheFirstInvalidEntry) {
  EXPECT_THAT(visible_gpus("1,-1,0", kHost), ElementsAre(1));
  EXPECT_THAT(visible_gpus("1,9,0", kHost), ElementsAre(1));
  EXPECT_THAT(visible_gpus("1,1,0", kHost), ElementsAre(1));
  EXPECT_THAT(visible_gpus("1,2x", kHost), ElementsAre(1));
  EXPECT_THAT(visible_gpus("0,MIG-1,2", kHost), ElementsAre(0));
}

TEST(VisibleGpus, AnEngineSeesOneOfThemOnly) {
  using Variables = std::map<std::string, std::string>;
  EXPECT_EQ(variables_for_gpu(std::nullopt, 2),
            (Variables{{"CUDA_DEVICE_ORDER", "PCI_BUS_ID"}, {"CUDA_VISIBLE_DEVICES", "2"}}));
  EXPECT_EQ(variables_for_gpu("3, GPU-aa11", 0), (Variables{{"CUDA_VISIBLE_DEVICES", "3"}}));
  EXPECT_EQ(variables_for_gpu("3, GPU-aa11", 1), (Variables{{"CUDA_VISIBLE_DEVICES", "GPU-aa11"}}));
}

TEST(Processors, ReadsTheLimitsOfBothCgroupVersions) {
  EXPECT_THAT(processors_of_cpu_max("150000 100000\n"), Optional(2));
  EXPECT_THAT(processors_of_cpu_max("400000 100000\n"), Optional(4));
  EXPECT_THAT(processors_of_cpu_max("10000 100000\n"), Optional(1));
  EXPECT_EQ(processors_of_cpu_max("max 100000\n"), std::nullopt);
  EXPECT_EQ(processors_of_cpu_max(""), std::nullopt);
  EXPECT_THAT(processors_of_cfs("200000\n", "100000\n"), Optional(2));
  EXPECT_EQ(processors_of_cfs("-1\n", "100000\n"), std::nullopt);
}

TEST(Processors, FindsOurCgroup) {
  EXPECT_THAT(cgroup_path("0::/system.slice/job_12\n", ""), Optional(std::string("/system.slice/job_12")));
  EXPECT_THAT(cgroup_path("5:cpu,cpuacct:/slurm/job_12\n1:name=systemd:/x\n", "cpu"),
              Optional(std::string("/slurm/job_12")));
  EXPECT_EQ(cgroup_path("5:cpuset:/x\n", "cpu"), std::nullopt);
}

TEST(Hardware, KnowsThisMachine) {
  const RankHardware hardware = probe_hardware();
  EXPECT_FALSE(hardware.host.empty());
  EXPECT_GT(hardware.pid, 0);
  EXPECT_GE(hardware.cpu_slots, 1);
}

}  // namespace
}  // namespace longtake
