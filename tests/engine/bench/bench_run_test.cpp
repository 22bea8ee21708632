#include "rank/engine/bench/bench_run.h"

#include <gmock/gmock.h>

#include "jobs/error.h"
#include "rank/engine/compute_threads.h"
#include "tests/engine/bench/small_bench.h"

namespace longtake {
namespace {

using testing::SizeIs;

std::optional<BenchBytes> component(const BenchResult& result, const std::string& name) {
  for (const BenchBytes& part : result.memory.components) {
    if (part.component == name) return part;
  }
  return std::nullopt;
}

std::int64_t measured(const BenchResult& result, const std::string& name) {
  const auto part = component(result, name);
  return part ? part->measured.value_or(0) : 0;
}

TEST(BenchRun, TimesEveryPassAfterTheWarmUpAndEveryDecodedBlock) {
  for (const GenerationOrder order : {GenerationOrder::StepMajor, GenerationOrder::BlockMajor}) {
    BenchOptions options = small_bench();
    options.order = order;
    options.blocks = 3;
    const BenchResult result = run_bench(options);
    EXPECT_THAT(result.step_ms, SizeIs(3 * 2)) << order_name(order);
    EXPECT_THAT(result.vae_ms, SizeIs(3));
    EXPECT_GT(result.frames_per_second().value(), 0);
  }
}

TEST(BenchRun, CountsADecodingBesideTheLastStepWithThatStep) {
  BenchResult result;
  result.steps = {0, 4};
  result.step_ms = {200, 190, 210};
  result.vae_ms = {100};
  EXPECT_EQ(result.frames_per_second_beside(), std::nullopt);
  result.beside_ms = {240};
  result.in_turn_ms = {300};
  EXPECT_DOUBLE_EQ(result.frames_per_second().value(), 12 / 0.9);
  EXPECT_DOUBLE_EQ(result.frames_per_second_beside().value(), 12 / 0.84);
  EXPECT_EQ(json_of(result).at("last_step_and_vae_ms").at("in_turn").at("median"), 300);
}

TEST(BenchRun, PredictsWeightsAndCachesWithinFivePercent) {
  struct Numbers {
    at::ScalarType all;
    Precision matrices;
  };
  for (const Numbers numbers : {Numbers{at::kFloat, Precision::Auto}, Numbers{at::kBFloat16, Precision::Auto},
                                Numbers{at::kFloat, Precision::Fp8}, Numbers{at::kFloat, Precision::Int8}}) {
    BenchOptions options = small_bench();
    options.precision = numbers.all;
    options.matrices = numbers.matrices;
    const BenchResult result = run_bench(options);
    for (const char* name : {"transformer weights", "key/value cache", "sink cache", "reference keys",
                             "text keys and values", "vae weights", "vae kept frames"}) {
      const auto part = component(result, name);
      ASSERT_TRUE(part && part->measured && part->predicted) << name;
      const auto wanted = static_cast<double>(*part->predicted);
      // LibTorch allocates in units of 64 bytes, which counts for tensors as small as these.
      EXPECT_NEAR(static_cast<double>(*part->measured), wanted, 0.05 * wanted)
          << name << ", " << precision_name(options);
    }
  }
}

TEST(BenchRun, PredictsCachesInFp8ToTheByte) {
  BenchOptions options = small_bench();
  options.kv_cache_dtype = KvCacheDtype::Fp8;
  const BenchResult result = run_bench(options);
  for (const char* name : {"key/value cache", "sink cache"}) {
    EXPECT_EQ(component(result, name)->predicted, component(result, name)->measured) << name;
  }
  EXPECT_LT(measured(result, "key/value cache"), measured(run_bench(small_bench()), "key/value cache") / 3);
  EXPECT_EQ(json_of(result).at("kv_cache_dtype"), "fp8");
}

TEST(BenchRun, BlockMajorOrderKeepsACachePerStep) {
  BenchOptions options = small_bench();
  options.steps = 3;
  const BenchResult one = run_bench(options);
  options.order = GenerationOrder::BlockMajor;
  const BenchResult three = run_bench(options);
  for (const char* name : {"key/value cache", "sink cache"}) {
    EXPECT_EQ(measured(three, name), 3 * measured(one, name)) << name;
    EXPECT_EQ(component(three, name)->predicted, component(three, name)->measured) << name;
  }
  EXPECT_EQ(measured(three, "reference keys"), measured(one, "reference keys"));
}

TEST(BenchRun, SharesOfTheLayersAddUpToTheModel) {
  BenchOptions options = small_bench();
  const BenchResult whole = run_bench(options);
  options.shares = 2;
  const BenchResult first = run_bench(options);
  options.share = 2;
  const BenchResult second = run_bench(options);
  EXPECT_EQ(first.layers, (Interval{0, 2}));
  EXPECT_EQ(second.layers, (Interval{2, 3}));
  for (const char* name : {"transformer weights", "key/value cache"}) {
    EXPECT_EQ(measured(first, name) + measured(second, name), measured(whole, name)) << name;
  }
  EXPECT_THAT(first.vae_ms, SizeIs(0)) << "the last stage decodes";
  EXPECT_THAT(second.vae_ms, SizeIs(2));
}

TEST(BenchRun, AStageOfOneStepDoesThatStepOnlyAndAnotherStageDecodes) {
  BenchOptions options = small_bench();
  options.splits_steps = true;
  options.order = GenerationOrder::BlockMajor;
  options.share = 2;
  const BenchResult second_step = run_bench(options);
  EXPECT_EQ(second_step.steps, (Interval{1, 2}));
  EXPECT_THAT(second_step.step_ms, SizeIs(2));
  EXPECT_THAT(second_step.vae_ms, SizeIs(0));
  options.share = 3;
  const BenchResult decoder = run_bench(options);
  EXPECT_THAT(decoder.step_ms, SizeIs(0));
  EXPECT_THAT(decoder.vae_ms, SizeIs(2));
  EXPECT_FALSE(component(decoder, "transformer weights"));
  EXPECT_TRUE(json_of(decoder).at("step_ms").is_null());
  options.share = 4;
  EXPECT_THROW(run_bench(options), Error) << "a stage for each of two steps and one that decodes";
}

TEST(BenchRun, GuidanceTakesASecondTextAndTwiceTheCaches) {
  BenchOptions options = small_bench();
  const BenchResult one = run_bench(options);
  options.is_guided = true;
  const BenchResult two = run_bench(options);
  for (const char* name : {"key/value cache", "sink cache", "reference keys", "text keys and values"}) {
    EXPECT_EQ(measured(two, name), 2 * measured(one, name)) << name;
    EXPECT_EQ(component(two, name)->predicted, 2 * component(one, name)->predicted.value()) << name;
  }
  EXPECT_EQ(two.step_ms.size(), one.step_ms.size());
}

TEST(BenchRun, ComparesWithTheDeviceAtItsBestAndWithPlainLayers) {
  BenchOptions options = small_bench();
  options.with_ceilings = options.with_baseline = options.with_encoders = true;
  const BenchResult result = run_bench(options);
  EXPECT_GT(result.ceilings.value().product_tflops, 0);
  EXPECT_GT(result.ceilings.value().copy_gb_per_s, 0);
  EXPECT_THAT(result.baseline.value().step_ms, SizeIs(2));
  EXPECT_FALSE(result.encoders.value().text) << "this small model's text encoder is not known";
  const nlohmann::json work = json_of(result).at("work");
  EXPECT_NEAR(work.at("share_of_best"),
              work.at("step_tflops").get<double>() / work.at("product_tflops_at_best").get<double>(), 1e-9);
}

TEST(BenchRun, TimesEachProductInSeveralWaysAndThePassesBetweenThem) {
  struct Counted {
    Precision matrices;
    std::size_t passes;
  };
  BenchOptions options = small_bench();
  options.with_products = true;
  for (const auto& [matrices, passes] : {Counted{Precision::Auto, 4}, Counted{Precision::Fp8, 6}}) {
    options.matrices = matrices;
    const BenchResult result = run_bench(options);
    ASSERT_THAT(result.products, SizeIs(4 + passes)) << "attention is in tiles on a CPU";
    std::int64_t products = 0;
    for (const TimedWork& work : result.products) {
      if (work.rate_of == RateOf::Operations) products += work.calls;
      for (const TimedWay& way : work.ways) EXPECT_GT(way.rate, 0) << work.work << ", " << way.way;
    }
    EXPECT_EQ(products, 3 * 6 + 2 * 2) << "three layers, two with audio";
    EXPECT_EQ(json_of(result).at("products").at(0).at("ways").at(0).at("way"), "the engine's");
    EXPECT_THAT(text_of(result), testing::HasSubstr("feed-forward out, 48 x 48 x 32"));
  }
}

TEST(StepWork, IsThatOfThePublishedModel) {
  TransformerConfig config;
  config.dim = 5120;
  config.ffn_dim = 13824;
  config.heads = config.layers = 40;
  config.audio_inject_layers = {0, 4, 8, 12, 16, 20, 24, 27, 30, 33, 36, 39};
  const StepWork work = step_work(config, clip_shape(48, {400, 720}, 16, 8), {0, 40});
  EXPECT_NEAR(work.flop(), 131e12, 2e12) << "design figure for 720x400";
  const StepWork half = step_work(config, clip_shape(48, {400, 720}, 16, 8), {0, 20});
  EXPECT_LT(half.flop(), 0.55 * work.flop());
}

TEST(BenchRun, MemoryDoesNotGrowWithTheBlocks) {
  use_compute_threads(1);  // of several it is chance whose tiles are there at once
  BenchOptions options = small_bench();
  options.warmup_blocks = 4;
  for (const GenerationOrder order : {GenerationOrder::StepMajor, GenerationOrder::BlockMajor}) {
    options.order = order;
    options.blocks = 4;
    const BenchMemory few = run_bench(options).memory;
    options.blocks = 40;
    const BenchMemory many = run_bench(options).memory;
    EXPECT_EQ(many.end_tensors, few.end_tensors) << order_name(order);
    EXPECT_EQ(many.peak_tensors, few.peak_tensors) << order_name(order);
  }
}

TEST(BenchRun, MeasuresThePeakOfTheProcess) {
  const BenchMemory memory = run_bench(small_bench()).memory;
  EXPECT_GT(memory.peak_process.value(), memory.peak_tensors);
  EXPECT_GT(memory.peak_tensors, memory.end_tensors);
}

TEST(BenchRun, ProfilesOneBlock) {
  BenchOptions options = small_bench();
  options.with_profile = true;
  const BenchProfile profile = run_bench(options).profile.value();
  EXPECT_GT(profile.steps.ns_for(TimeFor::LinearLayers), 0);
  EXPECT_GT(profile.steps.ns_for(TimeFor::AttentionProducts), 0);
  EXPECT_GT(profile.steps.ns_for(TimeFor::Rotary), 0);
  EXPECT_GT(profile.steps.ns_for(TimeFor::Audio), 0);
  EXPECT_EQ(profile.steps.ns_for(TimeFor::Convolutions), 0);
  EXPECT_GT(profile.vae.ns_for(TimeFor::Convolutions), 0);
}

TEST(BenchResult, JsonHasAllKeys) {
  BenchOptions options = small_bench();
  options.with_profile = true;
  const nlohmann::json document = json_of(run_bench(options));
  for (const char* key :
       {"config", "size", "precision", "order", "layout", "layers", "device", "threads", "libtorch", "blocks",
        "warmup_blocks", "steps", "step_ms", "vae_block_ms", "frames_per_second", "memory", "profile"}) {
    EXPECT_TRUE(document.contains(key)) << key;
  }
  EXPECT_EQ(document.at("precision"), "fp32");
  EXPECT_EQ(document.at("layers"), nlohmann::json({0, 3}));
  EXPECT_EQ(document.at("step_ms").at("count"), 4);
  EXPECT_LE(document.at("step_ms").at("min"), document.at("step_ms").at("median"));
  const double share = document.at("profile").at("block").at("matrix_product_share");
  EXPECT_GT(share, 0);
  EXPECT_LT(share, 1);
}

TEST(BenchResult, WithoutVaeAndProfileTheyAreNull) {
  BenchOptions options = small_bench();
  options.with_vae = false;
  const nlohmann::json document = json_of(run_bench(options));
  EXPECT_TRUE(document.at("vae_block_ms").is_null());
  EXPECT_TRUE(document.at("profile").is_null());
}

TEST(BenchResult, FramesPerSecondCountAllStepsAndTheVae) {
  BenchResult result;
  result.steps = {0, 4};
  result.step_ms = {90, 100, 500};
  EXPECT_DOUBLE_EQ(result.frames_per_second().value(), 30);
  result.vae_ms = {200};
  EXPECT_DOUBLE_EQ(result.frames_per_second().value(), 20);
}

}  // namespace
}  // namespace longtake
