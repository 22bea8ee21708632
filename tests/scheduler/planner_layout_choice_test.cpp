#include "scheduler/planner/layout_choice.h"

#include <gmock/gmock.h>

#include "jobs/model/vae_operations.h"
#include "tests/scheduler/bundled_profiles.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

AvatarDemand demand_for(FrameSize size) {
  return demand_of(JobSettings{}, size, published_model(), DeviceKind::Gpu);
}

std::string layout_for(const std::string& profile_name, FrameSize size) {
  const Profile profile = bundled_profile(profile_name);
  const auto choice = smallest_that_fits(profile, demand_for(size), profile.gpus_per_node);
  return choice ? description_of(choice->layout) : "none";
}

TEST(Layouts, ShareLayersEquallyAndGiveTheRestToTheFirst) {
  const Layout layout = layers_layout(40, 4, 3);
  ASSERT_EQ(layout.ranks(), 3);
  EXPECT_EQ(layout.stages[0].layers, (Interval{0, 14}));
  EXPECT_EQ(layout.stages[1].layers, (Interval{14, 27}));
  EXPECT_EQ(layout.stages[2].layers, (Interval{27, 40}));
  EXPECT_TRUE(layout.stages[0].text && layout.stages[0].audio && !layout.stages[0].vae);
  EXPECT_TRUE(layout.stages[2].vae && !layout.stages[2].text);
  EXPECT_EQ(layout.stages[1].steps, (Interval{0, 4}));
}

TEST(Layouts, OfStepsHaveAnEngineThatDecodes) {
  const Layout layout = steps_layout(40, 4, 2);
  ASSERT_EQ(layout.ranks(), 9);
  EXPECT_EQ(layout.kind, LayoutKind::LayersSteps);
  EXPECT_EQ(layout.stages[3].layers, (Interval{20, 40}));
  EXPECT_EQ(layout.stages[3].steps, (Interval{1, 2}));
  EXPECT_TRUE(layout.stages[8].layers.is_empty());
  EXPECT_TRUE(layout.stages[8].vae);
  EXPECT_EQ(description_of(layout), "layers x 2 x steps x 4 + decoder");
  EXPECT_EQ(description_of(steps_layout(40, 4, 1)), "steps x 4 + decoder");
  EXPECT_EQ(description_of(layers_layout(40, 4, 1)), "single");
}

TEST(LayoutChoice, IsTheSmallestGroupThatFits) {
  struct Row {
    const char* profile;
    FrameSize size;
    const char* layout;
  };
  const FrameSize large = {400, 720}, usual = {384, 704}, safe = {368, 688}, small = {256, 384};
  const std::vector<Row> rows = {
      {"1x24gb", small, "none"},       {"1x24gb", usual, "none"},       {"4x24gb", small, "layers x 2"},
      {"4x24gb", safe, "layers x 3"},  {"4x24gb", usual, "layers x 3"}, {"4x24gb", large, "layers x 3"},
      {"1x48gb", small, "single"},     {"1x48gb", usual, "none"},       {"2x48gb", small, "single"},
      {"2x48gb", usual, "layers x 2"}, {"2x48gb", large, "layers x 2"}, {"1x80gb", large, "single"},
      {"5x80gb", large, "single"},     {"8x80gb", usual, "single"},     {"1x141gb", large, "single"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(layout_for(row.profile, row.size), row.layout)
        << row.profile << " " << row.size.width << "*" << row.size.height;
  }
}

TEST(LayoutChoice, SplitsTheStepsForOnlineDecoding) {
  AvatarDemand demand = demand_for({400, 720});
  const Profile profile = bundled_profile("5x80gb");
  EXPECT_EQ(layouts_of(demand, 5).front().kind, LayoutKind::Layers);
  demand.online_decode = true;
  EXPECT_EQ(layout_that_fits(profile, demand, 5)->layout.kind, LayoutKind::Steps);
  EXPECT_EQ(layouts_of(demand, 4).front().kind, LayoutKind::Layers);
  EXPECT_EQ(layouts_of(demand, 9).front().kind, LayoutKind::LayersSteps);
}

TEST(LayoutChoice, HasNoLayoutForMoreRanksThanLayers) {
  AvatarDemand demand = demand_for({256, 384});
  demand.shape.layers = 2;
  EXPECT_TRUE(layouts_of(demand, 3).empty());
}

TEST(LayoutChoice, SaysByHowMuchNothingFitsAndWhatWould) {
  const std::string text = why_nothing_fits(bundled_profile("1x24gb"), demand_for({384, 704}), 1);
  EXPECT_THAT(text, HasSubstr("704*384 needs "));
  EXPECT_THAT(text, HasSubstr("(single, bf16), profile 1x24gb gives 24.70 GB: "));
  EXPECT_THAT(text, HasSubstr(" too little; would fit: "));
  EXPECT_THAT(text, HasSubstr("3 GPUs like this one (layers x 3)"));
  EXPECT_THAT(text, Not(HasSubstr("fit: size ")));  // no size makes 32 GB of weights fit
  const std::string slot = why_nothing_fits(bundled_profile("1x48gb"), demand_for({384, 704}), 1);
  EXPECT_THAT(slot, HasSubstr("or precision: fp8, or kv_cache_dtype: fp8, or 2 GPUs like this one"));
  Profile older = bundled_profile("1x48gb");
  older.fp8_tflops = 0;
  EXPECT_THAT(why_nothing_fits(older, demand_for({384, 704}), 1),
              HasSubstr("or precision: int8, or kv_cache_dtype: fp8, or 2 GPUs like this one"));
}

AvatarDemand demand_in(Precision precision, FrameSize size, DeviceKind device = DeviceKind::Gpu) {
  JobSettings settings;
  settings.precision = precision;
  return demand_of(settings, size, published_model(), device);
}

TEST(LayoutChoice, InEightBitsIsASmallerGroup) {
  for (const Precision precision : {Precision::Fp8, Precision::Int8}) {
    const AvatarDemand demand = demand_in(precision, {384, 704});
    EXPECT_EQ(smallest_that_fits(bundled_profile("1x48gb"), demand, 1)->layout.ranks(), 1);
    EXPECT_EQ(smallest_that_fits(bundled_profile("4x24gb"), demand, 4)->layout.ranks(), 2);
    const std::string reason = why_nothing_fits(bundled_profile("1x24gb"), demand, 1);
    EXPECT_THAT(reason, Not(HasSubstr("precision:")));
    EXPECT_THAT(reason, HasSubstr("(single, " + std::string(name_of(precision)) + ")"));
  }
}

TEST(LayoutChoice, OffersBothInEightBitsWhereNeitherIsEnough) {
  Profile profile = bundled_profile("1x48gb");
  profile.usable_bytes = 30'000'000'000 + profile.reserve_bytes;
  EXPECT_THAT(why_nothing_fits(profile, demand_for({400, 720}), 1),
              HasSubstr("would fit: precision: fp8 and kv_cache_dtype: fp8, or 2 GPUs"));
  EXPECT_THAT(why_nothing_fits(bundled_profile("1x24gb"), demand_for({400, 720}), 1),
              HasSubstr("would fit: precision: fp8 and kv_cache_dtype: fp8 with size 448*256, or 3 GPUs"));
}

TEST(LayoutChoice, OffersCachesInFp8WhereMatricesAreInEightBitsAlready) {
  Profile profile = bundled_profile("1x48gb");
  profile.usable_bytes = 30'000'000'000 + profile.reserve_bytes;
  AvatarDemand demand = demand_in(Precision::Fp8, {400, 720});
  EXPECT_THAT(why_nothing_fits(profile, demand, 1), HasSubstr("or kv_cache_dtype: fp8, or 2 GPUs"));
  demand.memory.kv_cache = KvCacheDtype::Fp8;
  EXPECT_TRUE(smallest_that_fits(profile, demand, 1));
}

TEST(LayoutChoice, SaysThatGpusDoNotMultiplyFp8AndWhatToWriteInstead) {
  Profile older = bundled_profile("1x48gb");
  EXPECT_EQ(why_not_this_precision(older, demand_in(Precision::Fp8, {384, 704})), std::nullopt);
  older.fp8_tflops = 0;
  EXPECT_THAT(why_not_this_precision(older, demand_in(Precision::Fp8, {384, 704})).value_or(""),
              AllOf(HasSubstr("profile 1x48gb"), HasSubstr("write precision: int8")));
  EXPECT_EQ(why_not_this_precision(older, demand_in(Precision::Int8, {384, 704})), std::nullopt);
  EXPECT_EQ(why_not_this_precision(older, demand_in(Precision::Auto, {384, 704})), std::nullopt);
  const Profile cpu = bundled_profile("cpu");
  EXPECT_EQ(why_not_this_precision(cpu, demand_in(Precision::Fp8, {384, 704}, DeviceKind::Cpu)),
            std::nullopt);
}

TEST(LayoutChoice, NamesTheLargestSmallerSizeThatFits) {
  const std::string text = why_nothing_fits(bundled_profile("1x48gb"), demand_for({400, 720}), 1);
  EXPECT_THAT(text, HasSubstr("would fit: size "));
}

TEST(AvatarCost, CountsTheOperationsOfABlock) {
  // Design section 14: matrix products at 800 and attention at 577 TFLOP/s take 198 ms.
  EXPECT_NEAR(block_operations(published_model(), {400, 720}, 48) / 1e12, 131, 2);
}

TEST(AvatarCost, ChainsMakeFramesFasterInProportion) {
  const Profile profile = bundled_profile("8x80gb");
  const AvatarDemand demand = demand_for({400, 720});
  const double single = avatar_frames_per_second(profile, demand, layers_layout(40, 4, 1));
  EXPECT_NEAR(avatar_frames_per_second(profile, demand, layers_layout(40, 4, 8)), 8 * single, 1e-9);
  EXPECT_NEAR(avatar_frames_per_second(profile, demand, steps_layout(40, 4, 1)), 4 * single, 1e-9);
  AvatarDemand guided = demand;
  guided.memory.guided = true;
  EXPECT_NEAR(avatar_frames_per_second(profile, guided, layers_layout(40, 4, 1)), single / 2, 1e-9);
}

/// On an H200, 4 steps and decoding: docs/performance-gpu.md.
TEST(AvatarCost, IsWithinATenthOfWhatOneGpuReached) {
  struct Reached {
    FrameSize size;
    Precision precision;
    double frames_per_second;
  };
  const Profile profile = bundled_profile("1x141gb");
  for (const Reached& reached : {Reached{{400, 720}, Precision::Auto, 11.33},
                                 {{400, 720}, Precision::Fp8, 14.01},
                                 {{400, 720}, Precision::Int8, 6.72},
                                 {{384, 704}, Precision::Auto, 12.59},
                                 {{368, 688}, Precision::Auto, 13.69},
                                 {{256, 384}, Precision::Auto, 41.04},
                                 {{256, 384}, Precision::Fp8, 54.23}}) {
    const AvatarDemand demand = demand_in(reached.precision, reached.size);
    EXPECT_NEAR(avatar_frames_per_second(profile, demand, layers_layout(40, 4, 1)), reached.frames_per_second,
                reached.frames_per_second / 10);
  }
}

/// On an H100, 4 steps and decoding: docs/performance-gpu.md.
TEST(AvatarCost, IsALittleMoreWithKeysAndValuesInFp8) {
  const Profile profile = bundled_profile("1x80gb");
  AvatarDemand demand = demand_in(Precision::Fp8, {400, 720});
  const auto frames_per_second = [&] {
    return avatar_frames_per_second(profile, demand, layers_layout(40, 4, 1));
  };
  const double as_computed = frames_per_second();
  demand.memory.kv_cache = KvCacheDtype::Fp8;
  EXPECT_NEAR(frames_per_second() / as_computed, 14.00 / 14.43, 0.005);
  EXPECT_NEAR(frames_per_second(), 14.00, 1.4);
}

/// The bundled model with one thread, four steps and decoding: docs/performance.md.
TEST(AvatarCost, IsWithinAQuarterOfWhatOneCoreReached) {
  const ModelShape tiny = read_model_shape(LONGTAKE_CONFIGS_DIR "/models/tiny");
  const AvatarDemand demand = demand_of(JobSettings{}, {128, 128}, tiny, DeviceKind::Cpu);
  const double reached = 21.1;
  EXPECT_NEAR(avatar_frames_per_second(bundled_profile("cpu"), demand, layers_layout(tiny.layers, 4, 1)),
              reached, reached / 4);
}

TEST(AvatarCost, OnACpuAChainIsAsFastAsTheEngineThatDecodes) {
  const Profile cpu = bundled_profile("cpu");
  const ModelShape tiny = read_model_shape(LONGTAKE_CONFIGS_DIR "/models/tiny");
  const AvatarDemand demand = demand_of(JobSettings{}, {128, 128}, tiny, DeviceKind::Cpu);
  const auto frames_per_second = [&](const Layout& layout) {
    return avatar_frames_per_second(cpu, demand, layout);
  };
  const double one = frames_per_second(layers_layout(tiny.layers, 4, 1));
  const double two = frames_per_second(layers_layout(tiny.layers, 4, 2));
  const double decoder_apart = frames_per_second(steps_layout(tiny.layers, 4, 1));
  EXPECT_GT(two, one);
  EXPECT_LT(two, 1.3 * one);
  EXPECT_NEAR(decoder_apart, 150e9 / decoding_operations(tiny.vae, {128, 128}), 1e-6);
}

TEST(AvatarCost, FoldingTheLastStepSavesAQuarter) {
  JobSettings settings;
  settings.fold_last_step = true;
  EXPECT_EQ(demand_of(settings, {384, 704}, published_model(), DeviceKind::Gpu).steps, 3);
}

TEST(LayoutChoice, LeavesOutWhatNeedsAsMuchAsWhatRanOutOfMemory) {
  const Profile profile = bundled_profile("4x24gb");
  AvatarDemand demand = demand_for({384, 704});
  const auto failed = smallest_that_fits(profile, demand, 4);
  ASSERT_EQ(failed->layout.ranks(), 3);
  demand.ran_out_at_bytes = peak_bytes(failed->memory);
  EXPECT_EQ(smallest_that_fits(profile, demand, 4)->layout.ranks(), 4);
}

}  // namespace
}  // namespace longtake
