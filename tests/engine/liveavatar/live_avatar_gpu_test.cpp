#include "rank/engine/liveavatar/live_avatar.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "jobs/error.h"
#include "jobs/gpu_allowance.h"
#include "rank/engine/gpu/memory_cap.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/liveavatar/small_job.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Key;

class LiveAvatarOnGpu : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (cuda_device_count() > 0) write_small_job(folder());
  }
  static void TearDownTestSuite() { fs::remove_all(folder()); }
  static fs::path folder() { return temp_path("live_avatar_gpu"); }

  static PartMade made(const EngineDevice& device, const SegmentOrder& order) {
    LiveAvatar avatar(device);
    const auto part = avatar.make(order, [](std::int64_t) { return GoOn(true); });
    EXPECT_TRUE(part && part->facts);
    return part.value_or(PartMade{});
  }

  static constexpr EngineDevice kGpu = {DeviceKind::Gpu, 0};
};

TEST_F(LiveAvatarOnGpu, SaysOnWhatItWorkedAndWhatItsMemoryWentTo) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const EngineWork work = made(kGpu, small_order(folder(), {0, 2}, "one")).work;
  EXPECT_EQ(work.device, cuda_device_name(0));
  EXPECT_EQ(work.precision, "bf16");
  EXPECT_GT(work.allocated_bytes, 0);
  EXPECT_GE(work.reserved_bytes, work.allocated_bytes);
  EXPECT_GT(work.used_bytes, work.reserved_bytes);
  EXPECT_NE(work.peak.moment, "");
  EXPECT_NE(work.peak.component, "");
  EXPECT_THAT(work.peak.held_bytes, Contains(Key("transformer weights")));
}

TEST_F(LiveAvatarOnGpu, MakesTheSameSegmentAgainAfterItsProcessWasLost) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const SegmentOrder first = small_order(folder(), {0, 2}, "first");
  made(kGpu, first);
  const auto rest = [&](const std::string& name) {
    return made(kGpu, small_order_after(first, {2, 3}, name)).facts.value_or(SegmentFacts{});
  };
  EXPECT_EQ(rest("second").packets_crc, rest("again").packets_crc);
}

TEST_F(LiveAvatarOnGpu, ThatRunsOutOfMemorySaysWhereAndGoesOnWithMore) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const SegmentOrder order = small_order(folder(), {0, 2}, "tight");
  try {
    made({DeviceKind::Gpu, kCudaContext_bytes + (2 << 20)}, order);
    ADD_FAILURE() << "two megabytes were enough";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::OutOfMemory);
    EXPECT_THAT(e.what(), AllOf(HasSubstr("out of memory in "), HasSubstr("asked for ")));
  }
  EXPECT_GT(made(kGpu, order).facts->frames, 0);
}

TEST_F(LiveAvatarOnGpu, IsNotThereForAProfileOfCpus) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  EXPECT_EQ(made({DeviceKind::Cpu, 0}, small_order(folder(), {0, 2}, "cpu")).work.device, "cpu");
}

}  // namespace
}  // namespace longtake
