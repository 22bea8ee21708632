#include "rank/engine/pipeline/segment_generator.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "jobs/error.h"
#include "tests/engine/pipeline/small_film.h"

namespace longtake {
namespace {

class SegmentGenerator : public ::testing::Test {
 private:
  c10::InferenceMode inference_;
};

constexpr Interval kRange = {2, 6};

TEST_F(SegmentGenerator, GivesEveryBlockOfTheSegmentOnce) {
  SmallFilm film;
  const SmallSegment segment = make_segment(film, {kRange, {2, 5}, 3}, std::nullopt);
  ASSERT_EQ(segment.blocks.size(), 3U * 2U);
  for (const at::Tensor& block : segment.blocks) {
    EXPECT_EQ(block.sizes(), (at::IntArrayRef{4, 3, 8, 8}));
    EXPECT_TRUE(at::isfinite(block).all().item<bool>());
    EXPECT_GT(block.std().item<float>(), 0.1F);
  }
}

/// Whether the block before was caught up with before the next came, as who decodes beside the steps needs
/// it.
struct PuttingOff : KeptLatents {
  void add(const at::Tensor& latent_CFYX) override {
    EXPECT_TRUE(is_caught_up) << "before block " << blocks.size();
    KeptLatents::add(latent_CFYX);
  }
};

TEST_F(SegmentGenerator, CatchesUpWithEveryBlockBeforeTheNextAndAtTheEnd) {
  SmallFilm film;
  for (const Interval clips : {Interval{2, 4}, Interval{2, 6}}) {
    PuttingOff sink;
    const SegmentTask task{{kRange, clips, 2}, kSmallFilmSeed};
    generate_segment(film, task, sink, [](std::int64_t, std::int64_t) { return true; });
    EXPECT_EQ(sink.blocks.size(), static_cast<std::size_t>(2 * clips.length()));
    EXPECT_TRUE(sink.is_caught_up);
  }
}

TEST_F(SegmentGenerator, DoesNotDependOnWhereARangeIsCut) {
  SmallFilm film;
  for (const std::int64_t renewal : {1, 2, 3, 4}) {
    const std::vector<at::Tensor> whole = make_range(film, kRange, {4}, renewal);
    for (const std::vector<std::int64_t>& cut :
         std::vector<std::vector<std::int64_t>>{{1, 1, 1, 1}, {2, 2}, {1, 3}, {3, 1}}) {
      SCOPED_TRACE("renewed every " + std::to_string(renewal) + ", first cut at " + std::to_string(cut[0]));
      expect_equal(make_range(film, kRange, cut, renewal), whole);
    }
  }
}

TEST_F(SegmentGenerator, ARenewalMovesTheLatents) {
  SmallFilm film;
  const std::vector<at::Tensor> never = make_range(film, kRange, {4}, 4);
  const std::vector<at::Tensor> once = make_range(film, kRange, {4}, 2);
  for (std::size_t block = 0; block < 4; ++block) EXPECT_TRUE(at::equal(never[block], once[block]));
  EXPECT_FALSE(at::equal(never[4], once[4]));
}

TEST_F(SegmentGenerator, BothOrdersGiveTheSameLatents) {
  SmallFilm one_cache;
  SmallFilm all_caches(Caches::OnePerStep);
  const std::vector<at::Tensor> by_step = make_range(one_cache, kRange, {3, 1}, 2);
  expect_equal(make_range(all_caches, kRange, {3, 1}, 2, GenerationOrder::BlockMajor), by_step);
  expect_equal(make_range(all_caches, kRange, {1, 3}, 2, GenerationOrder::StepMajor), by_step);
}

/// The segment, stopped whenever `every` more passes are made, each time gone on with by another film.
SmallSegment make_with_stops(const SegmentTask& whole, int every) {
  SegmentTask task = whole;
  for (int stops = 0; stops < 1000; ++stops) {
    SmallFilm film;
    KeptLatents kept;
    const std::int64_t known = task.unfinished ? task.unfinished->passes_done : 0;
    const int asked_before_passes = task.unfinished || task.carry ? 1 : 3;
    std::int64_t asked = 0;
    const auto goes_on = [&](std::int64_t, std::int64_t) {
      return ++asked <= asked_before_passes + known + every;
    };
    ShareMade made = generate_share_alone(film, task, kept, goes_on).value();
    if (made.carry) return {kept.blocks, *made.carry};
    EXPECT_EQ(made.unfinished.value().passes_done, known + every);
    task.unfinished = std::move(made.unfinished);
  }
  ADD_FAILURE() << "it never ends";
  return {};
}

TEST_F(SegmentGenerator, DoesNotDependOnWhereItIsStopped) {
  SmallFilm film;
  for (const std::int64_t renewal : {2, 3}) {
    const Carry before = make_segment(film, {kRange, {2, 3}, renewal}, std::nullopt).carry;
    for (const auto& [chain, carry] : std::vector<std::pair<Chain, std::optional<Carry>>>{
             {{kRange, {2, 5}, renewal}, std::nullopt}, {{kRange, {3, 6}, renewal}, before}}) {
      const SmallSegment whole = make_segment(film, chain, carry);
      for (const int every : {1, 7, 16}) {
        SCOPED_TRACE("clips " + text_of(chain.clips) + ", renewed every " + std::to_string(renewal) +
                     ", stopped every " + std::to_string(every));
        const SmallSegment pieces =
            make_with_stops({chain, kSmallFilmSeed, GenerationOrder::StepMajor, carry}, every);
        expect_equal(pieces.blocks, whole.blocks);
        expect_equal(pieces.carry.left_step_CFYX, whole.carry.left_step_CFYX);
        EXPECT_TRUE(at::equal(pieces.carry.anchor_CFYX, whole.carry.anchor_CFYX));
      }
    }
  }
}

TEST_F(SegmentGenerator, BeforeItsFirstPassThereIsNothingToKeep) {
  SmallFilm film;
  KeptLatents kept;
  const SegmentTask task{{kRange, {2, 5}, 3}, kSmallFilmSeed};
  EXPECT_FALSE(generate_share_alone(film, task, kept, [](std::int64_t, std::int64_t) { return false; }));
}

TEST_F(SegmentGenerator, DoesNotDependOnWhatWasMadeBefore) {
  SmallFilm used;
  SmallFilm fresh;
  make_range(used, {0, 2}, {2}, 2);
  expect_equal(make_range(used, kRange, {2, 2}, 2), make_range(fresh, kRange, {2, 2}, 2));
}

TEST_F(SegmentGenerator, EveryRangeHasTheSameAnchor) {
  SmallFilm film;
  const Carry first = make_segment(film, {{0, 3}, {0, 1}, 1}, std::nullopt).carry;
  const Carry other = make_segment(film, {{3, 9}, {3, 4}, 1}, std::nullopt).carry;
  EXPECT_TRUE(at::equal(first.anchor_CFYX, other.anchor_CFYX));
  const Carry later = make_segment(film, {{3, 9}, {4, 5}, 1}, other).carry;
  EXPECT_TRUE(at::equal(first.anchor_CFYX, later.anchor_CFYX));
}

TEST_F(SegmentGenerator, ARangeDoesNotDependOnTheOthers) {
  SmallFilm film;
  expect_equal(make_segment(film, {{2, 4}, {2, 3}, 1}, std::nullopt).blocks,
               make_segment(film, {{2, 9}, {2, 3}, 1}, std::nullopt).blocks);
}

TEST_F(SegmentGenerator, GuidanceHearsTheNullPromptInBothOrders) {
  SmallFilm plain;
  SmallFilm guided(Caches::One, 4.5);
  SmallFilm all_caches(Caches::OnePerStep, 4.5);
  const std::vector<at::Tensor> latents = make_range(guided, {0, 2}, {1, 1}, 1);
  EXPECT_FALSE(at::equal(latents[0], make_range(plain, {0, 2}, {1, 1}, 1)[0]));
  expect_equal(make_range(all_caches, {0, 2}, {2}, 1, GenerationOrder::BlockMajor), latents);
}

TEST_F(SegmentGenerator, TheCarryHoldsOnlyWhatTheNextSegmentReplays) {
  SmallFilm film;
  const Carry carry = make_segment(film, {{0, 8}, {0, 4}, 4}, std::nullopt).carry;
  EXPECT_EQ(carry.clips, (Interval{3, 4}));
  ASSERT_EQ(carry.left_step_CFYX.size(), 3U);
  EXPECT_EQ(carry.left_step_CFYX[0].size(1), small_clip().latent_frames());
}

TEST_F(SegmentGenerator, CanBeGivenUpBeforeAnyPass) {
  SmallFilm film;
  KeptLatents kept;
  const SegmentTask task{{kRange, {2, 3}, 1}, kSmallFilmSeed};
  std::int64_t asked = 0;
  const auto result =
      generate_segment(film, task, kept, [&](std::int64_t, std::int64_t) { return ++asked < 5; });
  EXPECT_FALSE(result);
  EXPECT_EQ(asked, 5);
  EXPECT_TRUE(kept.blocks.empty());
}

TEST_F(SegmentGenerator, RefusesACarryOfAnotherChain) {
  SmallFilm film;
  const Carry carry = make_segment(film, {kRange, {2, 4}, 2}, std::nullopt).carry;
  EXPECT_THROW(make_segment(film, {kRange, {5, 6}, 2}, carry), Error);
  EXPECT_THROW(make_segment(film, {kRange, {4, 6}, 4}, carry), Error);
  EXPECT_THROW(make_segment(film, {kRange, {4, 6}, 2}, std::nullopt), Error);
  EXPECT_THROW(make_segment(film, {kRange, {2, 4}, 2}, carry), Error);
}

TEST_F(SegmentGenerator, RefusesBlockMajorOrderWithOneCache) {
  SmallFilm film;
  EXPECT_THROW(make_range(film, kRange, {4}, 2, GenerationOrder::BlockMajor), Error);
}

}  // namespace
}  // namespace longtake
