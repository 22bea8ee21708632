#include "scheduler/cli/deadline.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kNow_s = 1'795'464'000;  // 2026-11-23T20:00:00 UTC, a Monday
constexpr std::int64_t kHour_s = 3600;

/// A place where it is an hour later than in UTC.
LocalTime one_hour_east() {
  LocalTime local;
  local.civil = [](std::int64_t seconds) {
    const auto shifted = static_cast<std::time_t>(seconds + kHour_s);
    std::tm civil{};
    ::gmtime_r(&shifted, &civil);
    return civil;
  };
  local.seconds = [](std::tm civil) { return static_cast<std::int64_t>(::timegm(&civil)) - kHour_s; };
  return local;
}

std::int64_t in_s(const std::string& text) {
  return deadline_from(text, kNow_s, one_hour_east()).at_ms / 1000 - kNow_s;
}

TEST(Deadline, IsADurationFromNow) {
  EXPECT_EQ(in_s("7h30m"), 7 * kHour_s + 1800);
  EXPECT_EQ(in_s("90m"), 5400);
  EXPECT_EQ(in_s("1d2h"), 26 * kHour_s);
  EXPECT_EQ(in_s("45s"), 45);
}

TEST(Deadline, IsALocalTime) {
  EXPECT_EQ(in_s("2026-11-24T06:00"), 9 * kHour_s);
  EXPECT_EQ(in_s("2026-11-24 06:00:30"), 9 * kHour_s + 30);
}

TEST(Deadline, IsTheNextTimeAClockShowsIt) {
  EXPECT_EQ(in_s("06:00"), 9 * kHour_s);
  EXPECT_EQ(in_s("21:01"), 60);
  EXPECT_EQ(in_s("21:00"), 24 * kHour_s);
}

TEST(Deadline, IsToldInLocalTimeWithTheDayWhenItIsFar) {
  EXPECT_EQ(deadline_from("9h", kNow_s, one_hour_east()).text, "06:00");
  EXPECT_EQ(deadline_from("3d", kNow_s, one_hour_east()).text, "2026-11-26 21:00");
}

class BadDeadline : public ::testing::TestWithParam<const char*> {};

TEST_P(BadDeadline, IsRefusedWithWhatWouldBeRight) {
  EXPECT_THAT([] { deadline_from(GetParam(), kNow_s, one_hour_east()); },
              ThrowsMessage<Error>(AllOf(HasSubstr("--deadline '" + std::string(GetParam()) + "'"),
                                         HasSubstr("2026-11-24T06:00"), HasSubstr("7h30m"))));
}

INSTANTIATE_TEST_SUITE_P(Texts, BadDeadline,
                         ::testing::Values("25:00", "06:60", "2026-02-30T06:00", "2026-13-01T06:00",
                                           "tomorrow", "7", "7x", "-1h", "0s", "2026-11-23T20:59", "h",
                                           "6:00"));

class FindDeadline : public ::testing::Test {
 protected:
  std::optional<std::int64_t> found_in_s() {
    const auto found = find_deadline(sources_, kNow_s, one_hour_east());
    if (!found) return std::nullopt;
    return found->at_ms / 1000 - kNow_s;
  }

  int asked_ = 0;
  std::string answer_ = "1:00:00";
  DeadlineSources sources_{"", {}, [this](const std::string& job) {
                             EXPECT_EQ(job, "4711");
                             ++asked_;
                             return answer_;
                           }};
};

TEST_F(FindDeadline, WithoutOptionAndSlurmThereIsNone) {
  EXPECT_EQ(found_in_s(), std::nullopt);
  EXPECT_EQ(asked_, 0);
}

TEST_F(FindDeadline, TheOptionCountsMoreThanSlurm) {
  sources_.variables = {{"SLURM_JOB_ID", "4711"}, {"SLURM_JOB_END_TIME", std::to_string(kNow_s + 100)}};
  sources_.option = "2h";
  EXPECT_EQ(found_in_s(), 2 * kHour_s);
}

TEST_F(FindDeadline, SlurmsEndTimeIsTakenWithoutAsking) {
  sources_.variables = {{"SLURM_JOB_ID", "4711"}, {"SLURM_JOB_END_TIME", std::to_string(kNow_s + 100)}};
  EXPECT_EQ(found_in_s(), 100);
  EXPECT_EQ(asked_, 0);
}

TEST_F(FindDeadline, AnOlderSlurmIsAsked) {
  sources_.variables = {{"SLURM_JOB_ID", "4711"}};
  EXPECT_EQ(found_in_s(), kHour_s);
}

TEST_F(FindDeadline, ASlurmThatDoesNotAnswerIsNoDeadline) {
  sources_.variables = {{"SLURM_JOB_ID", "4711"}};
  answer_ = "";
  EXPECT_EQ(found_in_s(), std::nullopt);
  answer_ = "UNLIMITED";
  EXPECT_EQ(found_in_s(), std::nullopt);
}

TEST_F(FindDeadline, ATaskOfAnArrayIsAskedForByBothNumbers) {
  sources_.variables = {
      {"SLURM_JOB_ID", "4713"}, {"SLURM_ARRAY_JOB_ID", "4711"}, {"SLURM_ARRAY_TASK_ID", "2"}};
  std::string job;
  sources_.ask_slurm = [&](const std::string& asked) {
    job = asked;
    return answer_;
  };
  found_in_s();
  EXPECT_EQ(job, "4711_2");
}

TEST_F(FindDeadline, AJobWithoutALimitWhichSlurmEndsInAYearHasNone) {
  sources_.variables = {{"SLURM_JOB_ID", "4711"},
                        {"SLURM_JOB_END_TIME", std::to_string(kNow_s + 365 * 24 * kHour_s)}};
  EXPECT_EQ(found_in_s(), std::nullopt);
}

TEST_F(FindDeadline, WhatTheStartingProcessFoundIsNotCountedAnew) {
  sources_.variables = {{kDeadlineVariable, std::to_string(kNow_s + 50)}};
  sources_.option = "2h";
  EXPECT_EQ(found_in_s(), 50);
}

}  // namespace
}  // namespace longtake
