#include "rank/engine/gpu/device_timer.h"

#include <gmock/gmock.h>

namespace longtake {
namespace {

using testing::Each;
using testing::Ge;
using testing::IsEmpty;
using testing::SizeIs;

TEST(DeviceTimer, HasAPieceForEveryTwoMarks) {
  DeviceTimer timer(c10::Device(c10::DeviceType::CPU));
  EXPECT_THAT(timer.pieces_ms(), IsEmpty());
  timer.mark();
  EXPECT_THAT(timer.pieces_ms(), IsEmpty());
  timer.mark();
  timer.mark();
  EXPECT_THAT(timer.pieces_ms(), SizeIs(2));
  EXPECT_THAT(timer.pieces_ms(), Each(Ge(0)));
}

}  // namespace
}  // namespace longtake
