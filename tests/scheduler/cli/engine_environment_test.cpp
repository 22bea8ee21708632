#include "scheduler/cli/engine_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/cli/slots.h"

namespace longtake {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;

Profile four_cards() {
  Profile profile;
  profile.device = DeviceKind::Gpu;
  profile.usable_bytes = 25'000'000'000;
  profile.nccl_environment = {{"NCCL_P2P_DISABLE", "1"}};
  return profile;
}

TEST(EngineEnvironment, OfAProfileForCpusIsTheCpuWhateverGpusAreThere) {
  EXPECT_THAT(engine_environment(Profile{}, {{"CUDA_VISIBLE_DEVICES", "0"}}),
              Contains(Pair("LONGTAKE_ENGINE_DEVICE", "cpu")));
}

TEST(EngineEnvironment, TellsHowMuchOfAGpuTheProfileGives) {
  const auto variables = engine_environment(four_cards(), {});
  EXPECT_THAT(variables, Contains(Pair("LONGTAKE_ENGINE_DEVICE", "gpu")));
  EXPECT_THAT(variables, Contains(Pair("LONGTAKE_ENGINE_MEMORY_BYTES", "25000000000")));
}

TEST(EngineEnvironment, HasTheProfilesNcclVariablesUnlessThePersonSetThem) {
  EXPECT_THAT(engine_environment(four_cards(), {}), Contains(Pair("NCCL_P2P_DISABLE", "1")));
  EXPECT_THAT(engine_environment(four_cards(), {{"NCCL_P2P_DISABLE", "0"}}),
              Not(Contains(Key("NCCL_P2P_DISABLE"))));
}

TEST(Slots, OfAProfileForCpusAreProcessorsWhateverGpusAreThere) {
  RankHardware here;
  here.cpu_slots = 8;
  here.gpus = {{"NVIDIA H200", 150'000'000'000}};
  EXPECT_EQ(slots_for({}, DeviceKind::Gpu, here), 1);
  EXPECT_EQ(slots_for({}, DeviceKind::Cpu, here), 8);
}

}  // namespace
}  // namespace longtake
