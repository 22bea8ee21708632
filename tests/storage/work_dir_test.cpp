#include "storage/work_dir.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

TEST(WorkDir, PutsEverythingWhereTheContractSays) {
  const WorkDir dir("/w");
  EXPECT_EQ(dir.root(), "/w");
  EXPECT_EQ(dir.database(), "/w/longtake.db");
  EXPECT_EQ(dir.scheduler_file(), "/w/scheduler.json");
  EXPECT_EQ(dir.film("news"), "/w/jobs/news/output.mp4");
  EXPECT_EQ(dir.report("news"), "/w/jobs/news/report.json");
  EXPECT_EQ(dir.inference_log("news"), "/w/jobs/news/logs/inference.log");
  EXPECT_EQ(dir.memory_log("news"), "/w/jobs/news/logs/gpu_memory.csv");
  EXPECT_EQ(dir.debug_info("news"), "/w/jobs/news/outputs/debug_info.json");
}

TEST(WorkDir, NamesSegmentsByTheirClipsInSixDigits) {
  const WorkDir dir("/w");
  EXPECT_EQ(dir.segment("news", {0, 20}), "/w/jobs/news/segments/c000000-000020.mp4");
  EXPECT_EQ(dir.carry("news", {0, 20}), "/w/jobs/news/segments/c000000-000020.carry.safetensors");
}

TEST(WorkDir, ReadsTheClipsOfASegmentsName) {
  EXPECT_EQ(clips_of_segment_file("c000008-000016.mp4"), (Interval{8, 16}));
  EXPECT_EQ(clips_of_segment_file(segment_file_name({999'999, 1'000'001})), (Interval{999'999, 1'000'001}));
  for (const char* other : {"c000008-000016.carry.safetensors", "c000008-000016.mp4.attempt-7.part",
                            "c8-16.mp4", "output.mp4", "c000008-000016.mp4x"}) {
    EXPECT_EQ(clips_of_segment_file(other), std::nullopt) << other;
  }
}

TEST(WorkDir, MoreThanSixDigitsAreNotCut) {
  EXPECT_EQ(WorkDir("/w").segment("news", {999'999, 1'000'003}), "/w/jobs/news/segments/c999999-1000003.mp4");
}

TEST(WorkDir, KnowsAnUnfinishedFileByItsName) {
  EXPECT_TRUE(is_unfinished_file(WorkDir("/w").unfinished("news", {0, 20}).filename().string()));
  EXPECT_FALSE(is_unfinished_file(carry_file_name({0, 20})));
  EXPECT_FALSE(is_unfinished_file(segment_file_name({0, 20})));
}

}  // namespace
}  // namespace longtake
