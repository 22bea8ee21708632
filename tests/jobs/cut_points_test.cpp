#include "jobs/cut_points.h"

#include <algorithm>

#include <gmock/gmock.h>

namespace longtake {
namespace {

using ::testing::ElementsAre;

constexpr int kInferFrames = 48;
constexpr std::size_t kWindowsPerClip = 192;  // 48 frames of 40 ms

/// A loud recording with a pause of `windows` windows around each of the clip boundaries `pauses`.
LoudnessCurve loud_with_pauses(std::int64_t clips, const std::vector<std::int64_t>& pauses,
                               std::int64_t windows = 26) {
  LoudnessCurve loudness;
  loudness.mean_square.assign(static_cast<std::size_t>(clips) * kWindowsPerClip, 0.1F);
  for (const std::int64_t boundary : pauses) {
    const std::int64_t centre = boundary * static_cast<std::int64_t>(kWindowsPerClip);
    for (std::int64_t i = std::max<std::int64_t>(0, centre - windows / 2); i < centre + windows / 2; ++i) {
      loudness.mean_square[static_cast<std::size_t>(i)] = 0;
    }
  }
  return loudness;
}

TEST(CutPoints, AreIdealWhereNothingIsQuieter) {
  EXPECT_THAT(split_into_ranges(100, 4, kInferFrames, {}),
              ElementsAre(Interval{0, 25}, Interval{25, 50}, Interval{50, 75}, Interval{75, 100}));
  EXPECT_THAT(split_into_ranges(10, 3, kInferFrames, loud_with_pauses(10, {})),
              ElementsAre(Interval{0, 3}, Interval{3, 7}, Interval{7, 10}));
}

TEST(CutPoints, MoveToAPause) {
  EXPECT_THAT(split_into_ranges(200, 2, kInferFrames, loud_with_pauses(200, {97})),
              ElementsAre(Interval{0, 97}, Interval{97, 200}));
}

TEST(CutPoints, PreferThePauseNearestTheIdealCut) {
  EXPECT_THAT(split_into_ranges(200, 2, kInferFrames, loud_with_pauses(200, {96, 101, 104})),
              ElementsAre(Interval{0, 101}, Interval{101, 200}));
  EXPECT_THAT(split_into_ranges(200, 2, kInferFrames, loud_with_pauses(200, {97, 103})),
              ElementsAre(Interval{0, 97}, Interval{97, 200}));
}

TEST(CutPoints, PreferTheQuieterOfTwoPauses) {
  LoudnessCurve loudness = loud_with_pauses(200, {97, 101});
  loudness.mean_square[101 * kWindowsPerClip + 5] = 0.01F;
  EXPECT_THAT(split_into_ranges(200, 2, kInferFrames, loudness),
              ElementsAre(Interval{0, 97}, Interval{97, 200}));
}

TEST(CutPoints, HearAQuarterSecondAndNoMore) {
  // Noise 125 ms away counts, half of the window it lies in; noise beyond does not.
  LoudnessCurve loudness = loud_with_pauses(200, {97, 98}, 60);
  loudness.mean_square[97 * kWindowsPerClip + 12] = 0.1F;
  loudness.mean_square[98 * kWindowsPerClip + 13] = 0.1F;
  EXPECT_EQ(split_into_ranges(200, 2, kInferFrames, loudness)[0].end, 98);
  loudness.mean_square[97 * kWindowsPerClip + 12] = 0;
  loudness.mean_square[98 * kWindowsPerClip - 13] = 0.1F;
  EXPECT_EQ(split_into_ranges(200, 2, kInferFrames, loudness)[0].end, 97);
}

TEST(CutPoints, KeepRangesBalanced) {
  // 100 clips a range: cuts move by 5 at most; a pause 6 clips away is too far.
  EXPECT_EQ(split_into_ranges(200, 2, kInferFrames, loud_with_pauses(200, {106}))[0].end, 100);
  EXPECT_EQ(split_into_ranges(200, 2, kInferFrames, loud_with_pauses(200, {105}))[0].end, 105);
  // Never more than 16, however long the range.
  EXPECT_EQ(split_into_ranges(2000, 2, kInferFrames, loud_with_pauses(2000, {1017}))[0].end, 1000);
  EXPECT_EQ(split_into_ranges(2000, 2, kInferFrames, loud_with_pauses(2000, {1016}))[0].end, 1016);
}

TEST(CutPoints, NeverLeaveARangeEmpty) {
  for (std::int64_t clips = 1; clips <= 12; ++clips) {
    for (std::int64_t count = 1; count <= 14; ++count) {
      const auto ranges =
          split_into_ranges(clips, count, kInferFrames, loud_with_pauses(clips, {clips / 2}, 2));
      ASSERT_EQ(static_cast<std::int64_t>(ranges.size()), std::min(clips, count));
      std::int64_t begin = 0;
      for (const Interval& range : ranges) {
        EXPECT_EQ(range.begin, begin);
        EXPECT_FALSE(range.is_empty());
        begin = range.end;
      }
      EXPECT_EQ(begin, clips);
    }
  }
}

TEST(CutPoints, NothingIsNoRange) { EXPECT_TRUE(split_into_ranges(0, 3, kInferFrames, {}).empty()); }

TEST(Segments, AreEqualButTheLast) {
  EXPECT_THAT(cut_into_segments({10, 31}, 8),
              ElementsAre(Interval{10, 18}, Interval{18, 26}, Interval{26, 31}));
  EXPECT_THAT(cut_into_segments({0, 8}, 8), ElementsAre(Interval{0, 8}));
  EXPECT_TRUE(cut_into_segments({5, 5}, 8).empty());
}

TEST(Segments, TakeAboutFourMinutes) {
  EXPECT_EQ(segment_clips_for(4, 48), 20);     // 240 s * 4 frames/s = 960 frames
  EXPECT_EQ(segment_clips_for(45.2, 48), 64);  // 226 clips, more than is kept in one file
  EXPECT_EQ(segment_clips_for(0.5, 48), 8);
  EXPECT_EQ(segment_clips_for(4, 96), 10);
}

struct RangeCountCase {
  const char* name;
  RangeDemand demand;
  std::int64_t expected;
};
class RangeCount : public ::testing::TestWithParam<RangeCountCase> {};

TEST_P(RangeCount, FollowsContinuity) { EXPECT_EQ(range_count_for(GetParam().demand), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Cases, RangeCount,
    ::testing::Values(
        RangeCountCase{"chained", {Continuity::Chained, 1, 8, 1000}, 1},
        RangeCountCase{"parallel", {Continuity::Parallel, 1, 8, 1000}, 8},
        RangeCountCase{"parallel_with_many_jobs", {Continuity::Parallel, 9, 8, 1000}, 8},
        RangeCountCase{"short_film", {Continuity::Parallel, 1, 8, 23}, 2},
        RangeCountCase{"very_short_film", {Continuity::Parallel, 1, 8, 3}, 1},
        RangeCountCase{"auto_with_enough_jobs", {Continuity::Auto, 8, 8, 1000}, 1},
        RangeCountCase{"auto_with_few_jobs", {Continuity::Auto, 2, 8, 1000}, 8},
        RangeCountCase{"auto_with_a_share_of_the_night", {Continuity::Auto, 5, 8, 1000, 4000}, 4},
        RangeCountCase{"auto_with_a_short_film", {Continuity::Auto, 5, 8, 200, 4000}, 1},
        RangeCountCase{"auto_with_one_long_film", {Continuity::Auto, 8, 8, 1100, 4000}, 5},
        RangeCountCase{"auto_with_one_longer_film", {Continuity::Auto, 8, 8, 1000, 4000}, 1},
        RangeCountCase{"chained_whatever_the_night", {Continuity::Chained, 8, 8, 3000, 4000}, 1},
        RangeCountCase{"parallel_whatever_the_night", {Continuity::Parallel, 8, 8, 100, 4000}, 8},
        RangeCountCase{"no_groups", {Continuity::Parallel, 1, 0, 1000}, 1}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace longtake
