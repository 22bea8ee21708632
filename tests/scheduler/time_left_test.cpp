#include "scheduler/time_left.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

constexpr WorkingTime kTenMinutes = {1'000'000, 1'600'000};

SegmentEstimate taking(std::int64_t segment_ms, bool can_be_continued = true) {
  return {segment_ms, segment_ms / 10, can_be_continued, /*is_measured=*/true};
}

SegmentEstimate planned_to_take(std::int64_t segment_ms) {
  return {segment_ms, segment_ms / 10, false, false};
}

TEST(TimeLeft, WhatWillBeDoneIsStarted) {
  EXPECT_TRUE(is_worth_starting(taking(600'000), 1'000'000, kTenMinutes));
  EXPECT_TRUE(is_worth_starting(taking(1), 1'599'999, kTenMinutes));
}

TEST(TimeLeft, WhatALaterRunCanFinishIsLeftToIt) {
  EXPECT_FALSE(is_worth_starting(taking(600'000), 1'000'001, kTenMinutes));
  EXPECT_FALSE(is_worth_starting(taking(60'000), 1'550'000, kTenMinutes));
}

TEST(TimeLeft, WhatNoRunOfThisLengthCanFinishIsBegunIfItCanBeContinued) {
  EXPECT_TRUE(is_worth_starting(taking(700'000), 1'000'000, kTenMinutes));
  EXPECT_FALSE(is_worth_starting(taking(700'000, false), 1'000'000, kTenMinutes));
}

TEST(TimeLeft, ButNotWhenThereIsHardlyTimeForAClip) {
  EXPECT_TRUE(is_worth_starting(taking(700'000), 1'520'000, kTenMinutes));
  EXPECT_FALSE(is_worth_starting(taking(700'000), 1'520'001, kTenMinutes));
}

TEST(TimeLeft, APlanAloneKeepsNothingFromEverBeingTried) {
  EXPECT_TRUE(is_worth_starting(planned_to_take(700'000), 1'000'000, kTenMinutes));
  EXPECT_TRUE(is_worth_starting(planned_to_take(700'000), 1'520'000, kTenMinutes));
  EXPECT_FALSE(is_worth_starting(planned_to_take(700'000), 1'520'001, kTenMinutes));
  EXPECT_FALSE(is_worth_starting(planned_to_take(500'000), 1'150'000, kTenMinutes)) << "a later run can";
}

TEST(TimeLeft, WithoutTimeNothingIsStartedWhateverItsSpeed) {
  EXPECT_TRUE(is_worth_starting({}, 1'599'999, kTenMinutes));
  EXPECT_FALSE(is_worth_starting({}, 1'600'000, kTenMinutes));
}

TEST(TimeLeft, AnUnknownSpeedPredictsNothing) {
  EXPECT_EQ(expected_ms(480, 0), 0);
  EXPECT_EQ(expected_ms(480, 3.7), 129'730);
}

TEST(TimeLeft, DurationsAreRough) {
  EXPECT_EQ(rough_duration(0), "0 s");
  EXPECT_EQ(rough_duration(44'001), "45 s");
  EXPECT_EQ(rough_duration(245'000), "4 min 05 s");
  EXPECT_EQ(rough_duration(7'500'000), "2 h 05 min");
}

TEST(MeasuredSpeeds, AGroupsOwnSpeedCountsMostAndAnothersMoreThanNone) {
  MeasuredSpeeds speeds;
  EXPECT_EQ(speeds.find(0, GroupId{1}), std::nullopt);
  speeds.add(0, GroupId{1}, 3.5);
  speeds.add(0, GroupId{2}, 7);
  EXPECT_EQ(speeds.find(0, GroupId{1}), 3.5);
  EXPECT_EQ(speeds.find(0, GroupId{3}), 7);
  EXPECT_EQ(speeds.find(1, GroupId{1}), std::nullopt);
  speeds.add(0, GroupId{1}, 4);
  EXPECT_EQ(speeds.find(0, GroupId{1}), 4);
}

}  // namespace
}  // namespace longtake
