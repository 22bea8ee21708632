#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "rank/engine/gpu/device_memory.h"
#include "tests/engine/gpu/skip_without_gpu.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

std::int64_t free_bytes() { return driver_memory({c10::DeviceType::CUDA, 0})->free; }

TEST(BrokenDevice, IsKnownAndGivesItsMemoryBackWhenItsProcessEnds) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  constexpr std::int64_t kOthers = 64 << 20;  // that may come and go meanwhile
  const std::int64_t before = free_bytes();
  const fs::path program = fs::read_symlink("/proc/self/exe").replace_filename("break_cuda");
  ASSERT_TRUE(fs::exists(program)) << program << " is built with this test and belongs beside it";
  const int status = std::system(("'" + program.string() + "' > /dev/null 2>&1").c_str());
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_GE(free_bytes(), before - kOthers) << "all is free by the time the process is reaped";
}

}  // namespace
}  // namespace longtake
