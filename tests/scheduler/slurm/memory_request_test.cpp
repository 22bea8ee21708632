#include "scheduler/slurm/memory_request.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(MemoryRequest, IsWhatSbatchReads) {
  for (const char* good : {"0", "4096", "64G", "64g", "64GB", "12288M", "1T", "512K"}) {
    EXPECT_TRUE(is_memory_request(good)) << good;
  }
  for (const char* bad : {"", "lots", "-1", "1.5G", "4GiB", "4P", "64 G", "G", "B"}) {
    EXPECT_FALSE(is_memory_request(bad)) << bad;
  }
}

}  // namespace
}  // namespace longtake
