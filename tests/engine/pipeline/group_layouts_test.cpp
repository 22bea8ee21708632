// A group of engines gives the latents of one engine, bit for bit.
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "tests/engine/pipeline/small_group.h"

namespace longtake {
namespace {

constexpr Interval kRange = {2, 6};
constexpr std::int64_t kLayers = 3;
constexpr std::int64_t kSteps = 3;

SmallGroup layers(int ways, double guide_scale = 0) {
  return {layers_layout(kLayers, kSteps, ways), guide_scale, kSteps};
}
SmallGroup steps(int ways, double guide_scale = 0) {
  return {steps_layout(kLayers, kSteps, ways), guide_scale, kSteps};
}

void expect_equal_carries(const Carry& one, const Carry& other) {
  EXPECT_EQ(one.clips, other.clips);
  EXPECT_TRUE(at::equal(one.anchor_CFYX, other.anchor_CFYX));
  expect_equal(one.left_step_CFYX, other.left_step_CFYX);
}

class GroupLayouts : public testing::TestWithParam<SmallGroup> {
 private:
  c10::InferenceMode inference_;
};

TEST_P(GroupLayouts, GiveTheLatentsOfOneEngine) {
  SmallFilm film(Caches::One, GetParam().guide_scale);
  const Chain chain{kRange, {2, 5}, 2};
  const SmallSegment alone = make_segment(film, chain, std::nullopt);
  const SmallSegment together = make_group_segment(GetParam(), chain, std::nullopt);
  expect_equal(together.blocks, alone.blocks);
  expect_equal_carries(together.carry, alone.carry);
}

TEST_P(GroupLayouts, GoOnFromACarryOfAnother) {
  SmallFilm film(Caches::One, GetParam().guide_scale);
  const SmallSegment first = make_segment(film, {kRange, {2, 3}, 3}, std::nullopt);
  const Chain chain{kRange, {3, 6}, 3};
  const SmallSegment alone = make_segment(film, chain, first.carry);
  const SmallSegment together = make_group_segment(GetParam(), chain, first.carry);
  expect_equal(together.blocks, alone.blocks);
  expect_equal_carries(together.carry, alone.carry);
}

INSTANTIATE_TEST_SUITE_P(Layouts, GroupLayouts,
                         testing::Values(layers(1), layers(2), layers(3), steps(1), steps(2), steps(3),
                                         layers(2, 4.5), steps(1, 4.5), steps(2, 4.5)),
                         [](const auto& test) {
                           std::string name = description_of(test.param.layout);
                           for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name + (test.param.guide_scale > 0 ? "_guided" : "");
                         });

TEST(GroupLayoutsMixed, DoNotChangeARangeThatIsCutAndMadeByMany) {
  const c10::InferenceMode inference;
  SmallFilm film;
  const std::vector<at::Tensor> whole = make_range(film, kRange, {4}, 2);
  expect_equal(make_group_range({layers(2), steps(1), steps(3)}, kRange, {1, 1, 2}, 2), whole);
  expect_equal(make_group_range({steps(2), layers(3)}, kRange, {3, 1}, 2), whole);
}

/// The segment, stopped whenever `every` more passes are made, each time gone on with by the next group.
SmallSegment make_with_stops(const std::vector<SmallGroup>& groups, const SegmentTask& whole,
                             std::int64_t every) {
  SegmentTask task = whole;
  for (std::size_t stops = 0; stops < 1000; ++stops) {
    const std::int64_t known = task.unfinished ? task.unfinished->passes_done : 0;
    GroupPart part = make_group_part(groups[stops % groups.size()], task, every);
    if (!part.unfinished) return part.segment;
    EXPECT_EQ(part.unfinished->passes_done, known + every);
    task.unfinished = std::move(part.unfinished);
  }
  ADD_FAILURE() << "it never ends";
  return {};
}

TEST(GroupLayoutsMixed, GoOnWhereAnotherWasStoppedAfterAnyPass) {
  const c10::InferenceMode inference;
  SmallFilm film;
  const Chain chain{kRange, {2, 3}, 1};
  const SmallSegment alone = make_segment(film, chain, std::nullopt);
  const SegmentTask task{chain, kSmallFilmSeed};
  const SmallSegment pieces = make_with_stops({layers(2), layers(1), layers(3), layers(2)}, task, 1);
  expect_equal(pieces.blocks, alone.blocks);
  expect_equal_carries(pieces.carry, alone.carry);
}

TEST(GroupLayoutsMixed, GoOnWhereAnotherWasStoppedBehindACarryAndInARenewal) {
  const c10::InferenceMode inference;
  for (const double guide_scale : {0.0, 4.5}) {
    SmallFilm film(Caches::One, guide_scale);
    const Chain chain{kRange, {3, 6}, 2};
    const Carry before = make_segment(film, {kRange, {2, 3}, 2}, std::nullopt).carry;
    const SmallSegment alone = make_segment(film, chain, before);
    const SegmentTask task{chain, kSmallFilmSeed, GenerationOrder::StepMajor, before};
    for (const std::int64_t every : {5, 16}) {
      SCOPED_TRACE("guided by " + std::to_string(guide_scale) + ", stopped every " + std::to_string(every));
      const SmallSegment pieces =
          make_with_stops({layers(3, guide_scale), layers(2, guide_scale)}, task, every);
      expect_equal(pieces.blocks, alone.blocks);
      expect_equal_carries(pieces.carry, alone.carry);
    }
  }
}

TEST(GroupLayoutsMixed, OfStepsOnSeveralEnginesNothingIsKept) {
  const SegmentTask task{{kRange, {2, 5}, 2}, kSmallFilmSeed, GenerationOrder::BlockMajor};
  for (const SmallGroup& group : {steps(1), steps(2)}) {
    const GroupPart part = make_group_part(group, task, 20);
    EXPECT_FALSE(part.unfinished);
    EXPECT_TRUE(part.segment.blocks.empty());
  }
}

}  // namespace
}  // namespace longtake
