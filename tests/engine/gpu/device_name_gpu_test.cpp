#include "rank/engine/gpu/device_name.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "jobs/error.h"
#include "tests/engine/gpu/skip_without_gpu.h"

namespace longtake {
namespace {

TEST(DeviceName, IsToldOfEveryDevice) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  for (int device = 0; device < cuda_device_count(); ++device) EXPECT_NE(cuda_device_name(device), "");
}

TEST(DeviceName, OfADeviceThatIsNotThereIsAnErrorWithItsNumber) {
  try {
    cuda_device_name(64);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::DeviceLost);
    EXPECT_NE(std::string(e.what()).find("CUDA device 64: "), std::string::npos) << e.what();
  }
}

TEST(DeviceName, OfADeviceThatIsNotThereSpoilsNoOther) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  EXPECT_THROW(cuda_device_name(64), Error);
  EXPECT_NO_THROW(at::ones({1 << 20}, at::TensorOptions(at::kFloat).device(at::kCUDA, 0)).sum().item());
}

TEST(DeviceName, AddressIsThatOfABus) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  EXPECT_THAT(cuda_device_address(0), testing::HasSubstr(":"));
}

}  // namespace
}  // namespace longtake
