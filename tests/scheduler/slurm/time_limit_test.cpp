#include "scheduler/slurm/time_limit.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(SlurmDuration, IsReadInEveryFormOfSbatch) {
  EXPECT_EQ(slurm_duration_s("90"), 90 * 60);
  EXPECT_EQ(slurm_duration_s("90:30"), 90 * 60 + 30);
  EXPECT_EQ(slurm_duration_s("08:00:00"), 8 * 3600);
  EXPECT_EQ(slurm_duration_s("100:00:01"), 100 * 3600 + 1);
  EXPECT_EQ(slurm_duration_s("2-12"), 60 * 3600);
  EXPECT_EQ(slurm_duration_s("2-12:30"), 60 * 3600 + 30 * 60);
  EXPECT_EQ(slurm_duration_s("2-12:30:15"), 60 * 3600 + 30 * 60 + 15);
}

TEST(SlurmDuration, IsReadAsSqueueWritesIt) {
  EXPECT_EQ(slurm_duration_s("1-02:03:04"), 93'784);
  EXPECT_EQ(slurm_duration_s("2:03:04"), 7384);
  EXPECT_EQ(slurm_duration_s("59:07"), 3547);
  EXPECT_EQ(slurm_duration_s("0:00"), 0);
}

TEST(SlurmDuration, IsNothingElse) {
  for (const char* text : {"", "8h", "8:00:00:00", "-5", "1-", "08:00:00 ", "UNLIMITED", "INVALID", "NOT_SET",
                           "slurm_load_jobs error"}) {
    EXPECT_EQ(slurm_duration_s(text), std::nullopt) << text;
  }
}

TEST(TimeLimit, MayBeNone) {
  for (const char* none : {"UNLIMITED", "unlimited", "INFINITE", "0", "0:00"}) {
    EXPECT_TRUE(is_without_limit(none)) << none;
    EXPECT_EQ(time_limit_s(none), std::nullopt) << none;
  }
  for (const char* limited : {"90", "08:00:00", "2-12", "UNLIMITED!", "forever", ""}) {
    EXPECT_FALSE(is_without_limit(limited)) << limited;
  }
  EXPECT_EQ(time_limit_s("90"), 90 * 60);
}

}  // namespace
}  // namespace longtake
