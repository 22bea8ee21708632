#include "scheduler/doctor/nccl_environment.h"

#include "tests/scheduler/doctor/finding_matchers.h"
#include "tests/scheduler/doctor/small_profiles.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

NcclEnvironmentFacts with(std::map<std::string, std::string> variables) {
  return {std::move(variables), {"eth0", "ib0", "lo"}, {"mlx5_0", "mlx5_1"}};
}

TEST(CheckNcclEnvironment, HasNothingToSayWithoutGpusAndVariables) {
  EXPECT_THAT(check_nccl_environment(with({}), cpu_profile()), is_not_applicable(HasSubstr("uses no GPU")));
  EXPECT_THAT(check_nccl_environment(with({}), gpu_profile(2)), is_good(HasSubstr("asks for none")));
}

TEST(CheckNcclEnvironment, AnInterfaceThatIsNotThereIsBad) {
  EXPECT_THAT(check_nccl_environment(with({{"NCCL_SOCKET_IFNAME", "bond0"}}), gpu_profile(2)),
              AllOf(is_bad(HasSubstr(
                        "NCCL_SOCKET_IFNAME=bond0 fits no network interface of this host (eth0, ib0, lo)")),
                    with_remedy(HasSubstr("unset NCCL_SOCKET_IFNAME"))));
  EXPECT_THAT(check_nccl_environment(with({{"NCCL_IB_HCA", "=mlx5_7:1"}}), gpu_profile(2)),
              is_bad(HasSubstr("fits no InfiniBand device")));
}

TEST(CheckNcclEnvironment, BeginningsListsAndExclusionsFitAsWithNccl) {
  for (const char* value : {"eth", "bond0,ib0", "=eth0", "^docker0"}) {
    EXPECT_THAT(check_nccl_environment(with({{"NCCL_SOCKET_IFNAME", value}}), gpu_profile(2)),
                is_good(HasSubstr(value)));
  }
  EXPECT_THAT(check_nccl_environment(with({{"NCCL_SOCKET_IFNAME", "=eth"}}), gpu_profile(2)).verdict,
              Verdict::Bad);
  EXPECT_THAT(check_nccl_environment(with({{"NCCL_IB_HCA", "=mlx5_0:1,mlx5_1:1"}}), gpu_profile(2)).verdict,
              Verdict::Good);
}

TEST(CheckNcclEnvironment, AnotherValueThanTheProfilesIsAWarning) {
  Profile profile = gpu_profile(4);
  profile.nccl_environment["NCCL_P2P_DISABLE"] = "1";
  EXPECT_THAT(check_nccl_environment(with({{"NCCL_P2P_DISABLE", "0"}}), profile),
              is_warning(HasSubstr("NCCL_P2P_DISABLE=0 where profile 4x80gb says 1")));
  EXPECT_THAT(check_nccl_environment(with({}), profile), is_good(HasSubstr("asks for NCCL_P2P_DISABLE=1")));
}

TEST(CheckNcclEnvironment, PeerToPeerSwitchedOffOnNvlinkIsAWarning) {
  EXPECT_THAT(check_nccl_environment(with({{"NCCL_P2P_DISABLE", "1"}}), gpu_profile(8)),
              is_warning(HasSubstr("keeps NCCL off the NVLink")));
}

}  // namespace
}  // namespace longtake
