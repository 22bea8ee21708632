#include "jobs/engine_device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using testing::HasSubstr;

std::string refusal_of(const char* device, const char* memory_bytes) {
  try {
    engine_device_from(device, memory_bytes);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    return e.what();
  }
  return "";
}

TEST(EngineDevice, SurvivesTheEnvironment) {
  for (const DeviceKind kind : {DeviceKind::Cpu, DeviceKind::Gpu}) {
    const auto variables = variables_for({kind, 25'232'932'864});
    const EngineDevice got = engine_device_from(variables.at(kEngineDeviceVariable).c_str(),
                                                variables.at(kEngineMemoryVariable).c_str());
    EXPECT_EQ(got.kind, kind);
    EXPECT_EQ(got.memory_bytes, 25'232'932'864);
  }
}

TEST(EngineDevice, IsTheCpuWhenNobodySaysOtherwise) {
  EXPECT_EQ(engine_device_from(nullptr, nullptr).kind, DeviceKind::Cpu);
  EXPECT_EQ(engine_device_from("gpu", nullptr).memory_bytes, 0);
}

TEST(EngineDevice, OtherWordsAreRefusedWithTheVariable) {
  EXPECT_THAT(refusal_of("cuda:0", nullptr),
              HasSubstr("LONGTAKE_ENGINE_DEVICE must be cpu or gpu, got 'cuda:0'"));
  EXPECT_THAT(refusal_of("gpu", "24 GB"),
              HasSubstr("LONGTAKE_ENGINE_MEMORY_BYTES must be a number of bytes"));
  EXPECT_THAT(refusal_of("gpu", "-1"), HasSubstr("got '-1'"));
}

}  // namespace
}  // namespace longtake
