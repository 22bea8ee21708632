#include "scheduler/planner/smaller_size.h"

#include <gtest/gtest.h>

#include "tests/scheduler/bundled_profiles.h"

namespace longtake {
namespace {

std::int64_t area_of(FrameSize size) { return std::int64_t{size.height} * size.width; }

JobInput slate(FrameSize size) {
  JobInput job;
  job.size = size;
  return job;
}

JobInput avatar(FrameSize size) {
  JobInput job = slate(size);
  job.spec.engine = EngineKind::LiveAvatar;
  job.model = published_model();
  return job;
}

TEST(SmallerSize, IsTheNextAreaInTheAspectOfTheImage) {
  const Profile profile = bundled_profile("1x80gb");
  const FrameSize image = {1080, 1920};
  const auto size = next_smaller_size(profile, avatar({384, 704}), image, 1);
  ASSERT_TRUE(size);
  EXPECT_EQ(*size, output_size(image, 384 * 704 - 1).value());
  EXPECT_LT(area_of(*size), 384 * 704);
  EXPECT_GT(size->width, size->height);
}

TEST(SmallerSize, GoesDownStepByStepToTheSmallest) {
  const Profile profile = bundled_profile("cpu");
  const FrameSize image = {1000, 1000};
  FrameSize size = {256, 256};
  int steps = 0;
  while (const auto smaller = next_smaller_size(profile, slate(size), image, 4)) {
    ASSERT_LT(area_of(*smaller), area_of(size));
    size = *smaller;
    ++steps;
  }
  EXPECT_EQ(size, (FrameSize{64, 64}));
  EXPECT_EQ(steps, 3) << "192, 128, 64";
}

}  // namespace
}  // namespace longtake
