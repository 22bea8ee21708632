// Memory, limits, container, InfiniBand: what a host has.
#include <filesystem>
#include <fstream>

#include "scheduler/doctor/host_memory.h"
#include "scheduler/doctor/infiniband.h"
#include "scheduler/doctor/limits.h"
#include "tests/scheduler/doctor/finding_matchers.h"
#include "tests/scheduler/doctor/small_profiles.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kGibi = std::int64_t{1} << 30;
constexpr std::int64_t kMebi = std::int64_t{1} << 20;

HostMemoryFacts memory_of(std::int64_t available_bytes, int ranks) {
  HostMemoryFacts facts;
  facts.total_bytes = 64 * kGibi;
  facts.available_bytes = available_bytes;
  facts.ranks = ranks;
  return facts;
}

TEST(CheckHostMemory, SaysHowManyRanksFit) {
  EXPECT_THAT(check_host_memory(memory_of(60 * kGibi, 8), cpu_profile()), is_good(HasSubstr("8 ranks")));
  EXPECT_THAT(check_host_memory(memory_of(7 * kGibi, 8), cpu_profile()),
              AllOf(is_warning(HasSubstr("7.00 GiB of 64.00 GiB")), with_remedy(HasSubstr("--ranks 3"))));
  EXPECT_THAT(check_host_memory(memory_of(kGibi, 8), cpu_profile()), is_bad(HasSubstr("1.00 GiB")));
}

TEST(CheckHostMemory, AControlGroupsLimitCounts) {
  HostMemoryFacts facts = memory_of(60 * kGibi, 8);
  facts.limit_bytes = 8 * kGibi;
  facts.limit_used_bytes = 4 * kGibi;
  EXPECT_THAT(check_host_memory(facts, cpu_profile()),
              AllOf(is_warning(HasSubstr("the control group's limit is 8.00 GiB")),
                    with_remedy(AllOf(HasSubstr("--ranks 2"), HasSubstr("--mem")))));
}

TEST(CheckHostMemory, ReadsTheKernelsTable) {
  EXPECT_EQ(bytes_of_meminfo("MemTotal:  100 kB\nMemAvailable:    50 kB\n", "MemAvailable"), 51200);
  EXPECT_EQ(bytes_of_meminfo("MemTotal:  100 kB\n", "MemAvailable"), 0);
  EXPECT_GT(read_host_memory().available_bytes, 0);
}

HostMemoryFacts shared_of(std::int64_t bytes) {
  HostMemoryFacts facts;
  facts.has_shared_memory = true;
  facts.shared_bytes = facts.shared_free_bytes = bytes;
  return facts;
}

TEST(CheckSharedMemory, WhatAContainerGetsByDefaultIsTooLittleForSeveralGpus) {
  EXPECT_THAT(check_shared_memory(shared_of(64 * kMebi), 4),
              AllOf(is_bad(HasSubstr("/dev/shm has 64 MiB free of 64 MiB")),
                    with_remedy(HasSubstr("--shm-size=1g"))));
  EXPECT_THAT(check_shared_memory(shared_of(64 * kMebi), 0), is_warning(HasSubstr("64 MiB")));
  EXPECT_THAT(check_shared_memory(shared_of(2 * kGibi), 8), is_good(HasSubstr("2.00 GiB")));
  EXPECT_THAT(check_shared_memory({}, 2), is_bad(HasSubstr("no /dev/shm")));
}

LimitFacts limits_of(Limit open_files, int ranks) {
  LimitFacts facts;
  facts.open_files = open_files;
  facts.most_open_files = 4096;
  facts.ranks = ranks;
  return facts;
}

TEST(CheckLimits, FewDescriptorsAreBadWithTheNumberThatIsNeeded) {
  EXPECT_THAT(check_limits(limits_of(256, 8)),
              AllOf(is_bad(AllOf(HasSubstr("(ulimit -n) 256"), HasSubstr("264"))),
                    with_remedy(AllOf(HasSubstr("ulimit -n 65536"), HasSubstr("4096")))));
  EXPECT_THAT(check_limits(limits_of(512, 8)), is_warning(HasSubstr("fewer files than usual")));
  EXPECT_THAT(check_limits(limits_of(std::nullopt, 8)), is_good(HasSubstr("(ulimit -n) unlimited")));
}

TEST(CheckLimits, InfinibandNeedsLockedMemory) {
  LimitFacts facts = limits_of(20000, 8);
  facts.locked_bytes = 8 * kMebi;
  EXPECT_THAT(check_limits(facts), is_good(HasSubstr("(ulimit -l) 8 MiB")));
  facts.has_infiniband = true;
  EXPECT_THAT(check_limits(facts),
              AllOf(is_warning(HasSubstr("InfiniBand")), with_remedy(HasSubstr("memlock=-1"))));
}

TEST(CheckContainer, SaysWhatItIsAndWhatRootMeans) {
  ContainerFacts facts;
  EXPECT_THAT(check_container(facts), is_not_applicable(HasSubstr("no container")));
  facts.kind = "Docker";
  facts.memory_limit_bytes = 8 * kGibi;
  EXPECT_THAT(check_container(facts), is_good("in a container (Docker) with a memory limit of 8.00 GiB"));
  facts.is_root = true;
  EXPECT_THAT(check_container(facts), is_good(HasSubstr("--allow-run-as-root")));
}

TEST(CheckProcessors, MoreRanksThanProcessorsIsAWarning) {
  ContainerFacts facts;
  facts.processors = 2;
  facts.ranks = 2;
  EXPECT_THAT(check_processors(facts), is_good("2 processors may be used for 2 ranks"));
  facts.ranks = 8;
  EXPECT_THAT(check_processors(facts),
              AllOf(is_warning(HasSubstr("8 ranks")), with_remedy(HasSubstr("--cpus-per-task"))));
}

InfinibandFacts infiniband_of(const std::string& state) {
  return {{{"mlx5_0", 1, state, "400 Gb/sec (4X NDR)"}}, false};
}

TEST(CheckInfiniband, LooksForAnActivePort) {
  EXPECT_THAT(check_infiniband({}), is_not_applicable(HasSubstr("/sys/class/infiniband")));
  EXPECT_THAT(check_infiniband(infiniband_of("4: ACTIVE")),
              is_good(HasSubstr("mlx5_0 port 1 4: ACTIVE 400 Gb/sec")));
  EXPECT_THAT(check_infiniband(infiniband_of("1: DOWN")), is_warning(HasSubstr("no port is active")));
  InfinibandFacts off = infiniband_of("1: DOWN");
  off.is_switched_off = true;
  EXPECT_THAT(check_infiniband(off), is_good(HasSubstr("NCCL_IB_DISABLE=1")));
}

TEST(InfinibandPorts, AreReadFromTheKernelsFolder) {
  const std::filesystem::path folder = temp_path("infiniband");
  std::filesystem::create_directories(folder / "mlx5_0/ports/1");
  std::ofstream(folder / "mlx5_0/ports/1/state") << "4: ACTIVE\n";
  std::ofstream(folder / "mlx5_0/ports/1/rate") << "200 Gb/sec (4X HDR)\n";
  const std::vector<InfinibandPort> ports = infiniband_ports(folder);
  ASSERT_THAT(ports, SizeIs(1));
  EXPECT_EQ(ports[0].device, "mlx5_0");
  EXPECT_EQ(ports[0].state, "4: ACTIVE");
  EXPECT_EQ(ports[0].rate, "200 Gb/sec (4X HDR)");
  EXPECT_THAT(infiniband_ports(folder / "nothing"), IsEmpty());
}

}  // namespace
}  // namespace longtake
