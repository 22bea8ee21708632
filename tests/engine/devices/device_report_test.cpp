// With a driver and an NCCL made for tests: what is called, in which order, and what is made of the answers.
#include "rank/engine/devices/device_report.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/engine/devices/fake_nccl_misbehaviour.h"

namespace longtake {
namespace {

using testing::HasSubstr;

constexpr const char* kCuda = LONGTAKE_FAKE_CUDA;
constexpr const char* kNccl = LONGTAKE_FAKE_NCCL;

TEST(DeviceReport, NamesDevicesAndWhoReachesWhom) {
  const nlohmann::json report = device_report(kCuda, kNccl);
  EXPECT_EQ(report.at("driver_cuda"), "12.4");
  EXPECT_EQ(report.at("driver_failure"), "");
  EXPECT_EQ(report.at("devices"), nlohmann::json({"Device 0", "Device 1"}));
  EXPECT_EQ(report.at("has_access"), nlohmann::json::parse("[[true,true],[false,true]]"));
  EXPECT_EQ(report.at("nccl"), "2.21.5");
  EXPECT_THAT(report.at("libtorch"), HasSubstr("."));
}

TEST(DeviceReport, SaysWhyThereIsNothing) {
  const nlohmann::json report = device_report("libabsent-cuda.so", "libabsent-nccl.so");
  EXPECT_THAT(report.at("driver_failure"), HasSubstr("libabsent-cuda.so"));
  EXPECT_EQ(report.at("devices"), nlohmann::json::array());
  EXPECT_EQ(report.at("nccl"), "");
  EXPECT_THAT(report.at("nccl_failure"), HasSubstr("libabsent-nccl.so"));
}

TEST(DeviceReport, ALibraryThatLacksAFunctionIsTooOld) {
  EXPECT_THAT(device_report(kNccl, kCuda).at("driver_failure"), HasSubstr("has no cu"));
}

TEST(NcclTrial, IsGoodWhenEveryNumberIsRight) {
  const nlohmann::json report = nccl_trial_report(kCuda, kNccl);
  EXPECT_EQ(report.at("failure"), "");
  EXPECT_GE(report.at("all_reduce_ms"), 0);
  EXPECT_GE(report.at("send_receive_ms"), 0);
}

TEST(NcclTrial, AWrongSumIsAFailure) {
  const Misbehaviour misbehaviour("loses");
  EXPECT_THAT(nccl_trial_report(kCuda, kNccl).at("failure"),
              HasSubstr("all-reduce brought 1.000000 to device 0 where 3.000000 is right"));
}

TEST(NcclTrial, ARefusalIsToldInItsWords) {
  const Misbehaviour misbehaviour("refuses");
  EXPECT_EQ(nccl_trial_report(kCuda, kNccl).at("failure"),
            "NCCL cannot connect 2 devices: unhandled system error");
}

}  // namespace
}  // namespace longtake
