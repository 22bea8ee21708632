#include "scheduler/slurm/time_limit.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(TimeLimit, IsReadInEveryFormOfSbatch) {
  EXPECT_EQ(time_limit_seconds("90"), 90 * 60);
  EXPECT_EQ(time_limit_seconds("90:30"), 90 * 60 + 30);
  EXPECT_EQ(time_limit_seconds("08:00:00"), 8 * 3600);
  EXPECT_EQ(time_limit_seconds("100:00:01"), 100 * 3600 + 1);
  EXPECT_EQ(time_limit_seconds("2-12"), 60 * 3600);
  EXPECT_EQ(time_limit_seconds("2-12:30"), 60 * 3600 + 30 * 60);
  EXPECT_EQ(time_limit_seconds("2-12:30:15"), 60 * 3600 + 30 * 60 + 15);
}

TEST(TimeLimit, IsNothingElse) {
  for (const char* text : {"", "8h", "8:00:00:00", "-5", "1-", "08:00:00 ", "UNLIMITED", "0", "0:00"}) {
    EXPECT_EQ(time_limit_seconds(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace longtake
