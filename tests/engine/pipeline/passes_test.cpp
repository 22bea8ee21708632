#include "rank/engine/pipeline/passes.h"

#include <gtest/gtest.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using Kind = Pass::Kind;
using Clips = std::vector<std::int64_t>;

std::vector<Pass> of_step(const std::vector<Pass>& passes, std::int64_t step) {
  std::vector<Pass> result;
  for (const Pass& pass : passes) {
    if (pass.step == step) result.push_back(pass);
  }
  return result;
}

TEST(Passes, ARangeBeginsWithTheLeadIn) {
  const std::vector<Pass> expected = {{Kind::Clear, 0, 4, 0},   {Kind::Denoise, 0, 4, 0},
                                      {Kind::Denoise, 0, 5, 0}, {Kind::Clear, 1, 4, 0},
                                      {Kind::Denoise, 1, 4, 0}, {Kind::Denoise, 1, 5, 0}};
  EXPECT_EQ(passes_of({{5, 9}, {5, 6}, 4}, GenerationOrder::StepMajor, 2, 1), expected);
}

TEST(Passes, ALaterSegmentReplaysTheClipsSinceTheLastRenewal) {
  const std::vector<Pass> expected = {
      {Kind::Clear, 0, 7, 0}, {Kind::Remember, 0, 5, 0}, {Kind::Remember, 0, 6, 0}, {Kind::Denoise, 0, 7, 0},
      {Kind::Clear, 0, 8, 0}, {Kind::Remember, 0, 7, 0}, {Kind::Denoise, 0, 8, 0}};
  EXPECT_EQ(passes_of({{4, 9}, {7, 9}, 2}, GenerationOrder::StepMajor, 1, 1), expected);
}

TEST(Passes, ASegmentAsLongAsTheRenewalReplaysOneClip) {
  EXPECT_EQ(window_history({{3, 20}, {8, 13}, 5}, 8), (Interval{7, 8}));
  EXPECT_EQ(window_history({{3, 20}, {8, 13}, 5}, 13), (Interval{12, 13}));
  EXPECT_EQ(window_history({{3, 20}, {3, 13}, 5}, 7), (Interval{2, 7}));
}

TEST(Passes, EveryStepDoesTheSameInBothOrders) {
  const Chain chain{{2, 11}, {4, 10}, 3};
  const auto by_step = passes_of(chain, GenerationOrder::StepMajor, 3, 2);
  const auto by_block = passes_of(chain, GenerationOrder::BlockMajor, 3, 2);
  EXPECT_EQ(by_step.size(), by_block.size());
  EXPECT_NE(by_step, by_block);
  for (std::int64_t step = 0; step < 3; ++step) EXPECT_EQ(of_step(by_step, step), of_step(by_block, step));
}

TEST(Passes, ABlockIsThroughAStepBeforeItEntersTheNext) {
  for (const auto order : {GenerationOrder::StepMajor, GenerationOrder::BlockMajor}) {
    std::int64_t done[8][2] = {};
    for (const Pass& pass : passes_of({{0, 7}, {0, 7}, 3}, order, 3, 2)) {
      if (pass.kind != Kind::Denoise) continue;
      EXPECT_EQ(done[pass.clip + 1][pass.block]++, pass.step);
    }
  }
}

TEST(Passes, OnlyWhatStartsARangeHearsTheAnchorsClip) {
  EXPECT_EQ(heard_clips({{0, 9}, {0, 2}, 4}), (Clips{0, 1})) << "the lead-in hears silence";
  EXPECT_EQ(heard_clips({{0, 9}, {2, 4}, 4}), (Clips{0, 1, 2, 3})) << "replays from the lead-in on";
  EXPECT_EQ(heard_clips({{0, 9}, {6, 7}, 3}), (Clips{5, 6}));
  EXPECT_EQ(heard_clips({{5, 9}, {5, 7}, 4}), (Clips{0, 4, 5, 6}));
  EXPECT_EQ(heard_clips({{5, 9}, {7, 8}, 2}), (Clips{6, 7}));
}

TEST(Passes, RefusesClipsOutsideOfTheRange) {
  EXPECT_THROW(passes_of({{4, 8}, {3, 5}, 1}, GenerationOrder::StepMajor, 1, 1), Error);
  EXPECT_THROW(passes_of({{4, 8}, {5, 5}, 1}, GenerationOrder::StepMajor, 1, 1), Error);
  EXPECT_THROW(passes_of({{4, 8}, {4, 5}, 0}, GenerationOrder::StepMajor, 1, 1), Error);
  EXPECT_THROW(window_history({{4, 8}, {4, 5}, 0}, 4), Error);
}

}  // namespace
}  // namespace longtake
