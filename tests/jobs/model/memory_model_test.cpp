#include "jobs/model/memory_model.h"

#include <gmock/gmock.h>

#include "jobs/error.h"
#include "jobs/model/vae_memory.h"
#include "jobs/model/weight_count.h"

namespace longtake {
namespace {

using ::testing::HasSubstr;

constexpr FrameSize k720x400 = {400, 720};

MemoryDemand demand_of(FrameSize size) {
  MemoryDemand demand;
  demand.size = size;
  return demand;
}

double gigabytes(std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

std::int64_t component(const StageMemory& stage, const std::string& name) {
  for (const ComponentBytes& part : stage.components) {
    if (part.component == name) return part.bytes;
  }
  return 0;
}

std::int64_t sum_over(const std::vector<StageMemory>& stages, const std::string& name) {
  std::int64_t total = 0;
  for (const StageMemory& stage : stages) total += component(stage, name);
  return total;
}

TEST(Tokens, OfPublishedSizes) {
  const TokenCount tokens = tokens_of(k720x400, 48);
  EXPECT_EQ(tokens.reference, 1125);
  EXPECT_EQ(tokens.block, 3375);
  EXPECT_EQ(tokens.window, 13500);  // kv_cache_size of the published program
  EXPECT_EQ(tokens.sink, 1125 + 1125 + 264 + 264);
  EXPECT_EQ(tokens_of({256, 384}, 48).sink, 384 + 384 + 96 + 96);
  EXPECT_EQ(tokens_of(k720x400, 24).window, 6750);
}

// Design sections 9 and 14, and docs/memory.md for what is counted.
TEST(MemoryModel, ReproducesTheKnownNumbersOfThePublishedModel) {
  const ModelShape model = published_model();
  const MemoryDemand demand = demand_of(k720x400);
  EXPECT_NEAR(gigabytes(window_cache_bytes(model, demand, model.layers)), 11.06, 0.005);
  EXPECT_NEAR(gigabytes(sink_cache_bytes(model, demand, model.layers)), 2.276, 0.001);
  const VaeShape& vae = model.vae;
  const std::int64_t all_but_text = transformer_weights(model) + vae_decoder_weights(vae) +
                                    vae_encoder_weights(vae) + wav2vec2_large_weights();
  EXPECT_NEAR(gigabytes(2 * transformer_weights(model)), 32.59, 0.005);
  EXPECT_NEAR(gigabytes(2 * all_but_text), 33.5, 0.05);
}

TEST(MemoryModel, StepMajorOrderKeepsOneCacheAndSplitStepsOneEach) {
  const ModelShape model = published_model();
  const MemoryDemand demand = demand_of(k720x400);
  const std::int64_t cache = window_cache_bytes(model, demand, model.layers);
  const auto single = predict_memory(model, layers_layout(model.layers, 4, 1), demand);
  ASSERT_EQ(single.size(), 1u);
  EXPECT_EQ(component(single[0], "key/value cache"), cache);
  const auto steps = predict_memory(model, steps_layout(model.layers, 4, 1), demand);
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(sum_over(steps, "key/value cache"), 4 * cache);
  EXPECT_EQ(component(steps[4], "key/value cache"), 0);
  EXPECT_EQ(component(steps[4], "transformer weights"), 0);
  EXPECT_GT(component(steps[4], "vae workspace"), 0);
  EXPECT_EQ(component(steps[0], "vae workspace"), 0);
}

TEST(MemoryModel, SplitLayersShareWeightsAndCachesExactly) {
  const ModelShape model = published_model();
  const MemoryDemand demand = demand_of(k720x400);
  const auto single = predict_memory(model, layers_layout(model.layers, 4, 1), demand);
  for (const int ways : {2, 3, 4}) {
    const auto split = predict_memory(model, layers_layout(model.layers, 4, ways), demand);
    ASSERT_EQ(split.size(), static_cast<std::size_t>(ways));
    for (const char* part :
         {"transformer weights", "key/value cache", "sink cache", "text keys and values"}) {
      EXPECT_EQ(sum_over(split, part), component(single[0], part)) << part << " over " << ways;
    }
    EXPECT_LT(peak_bytes(split), peak_bytes(single));
  }
}

TEST(MemoryModel, ProductsOfLayersAndStepsHaveAShareOfTheLayersForEachStep) {
  const ModelShape model = published_model();
  const auto stages = predict_memory(model, steps_layout(model.layers, 4, 2), demand_of(k720x400));
  const auto single = predict_memory(model, layers_layout(model.layers, 4, 1), demand_of(k720x400));
  ASSERT_EQ(stages.size(), 9u);
  EXPECT_EQ(sum_over(stages, "key/value cache"), 4 * component(single[0], "key/value cache"));
  EXPECT_EQ(sum_over(stages, "transformer weights"), 4 * component(single[0], "transformer weights"));
}

/// An engine alone on an H100, 4 steps and decoding: docs/performance-gpu.md.
TEST(MemoryModel, IsNotBelowWhatOneGpuTookAndAtMostATwentiethAbove) {
  struct Taken {
    WeightType weights;
    KvCacheDtype kv_cache;
    double gigabytes;
  };
  for (const Taken& taken : {Taken{WeightType::Bf16, KvCacheDtype::Auto, 51.27},
                             {WeightType::Fp8, KvCacheDtype::Auto, 36.14},
                             {WeightType::Fp8, KvCacheDtype::Fp8, 29.58},
                             {WeightType::Bf16, KvCacheDtype::Fp8, 44.63}}) {
    MemoryDemand demand = demand_of(k720x400);
    demand.weights = taken.weights;
    demand.kv_cache = taken.kv_cache;
    const ModelShape model = published_model();
    const double predicted =
        gigabytes(peak_bytes(predict_memory(model, layers_layout(model.layers, 4, 1), demand)));
    EXPECT_GE(predicted, taken.gigabytes) << name_of(taken.weights);
    EXPECT_LE(predicted, 1.05 * taken.gigabytes) << name_of(taken.weights);
  }
}

TEST(MemoryModel, LeavesRoomForTheAllocatorWhereAGpuDecodes) {
  const ModelShape model = published_model();
  MemoryDemand demand = demand_of(k720x400);
  const auto on_gpus = predict_memory(model, layers_layout(model.layers, 4, 2), demand);
  EXPECT_EQ(component(on_gpus[0], "allocator"), 0);
  EXPECT_GT(component(on_gpus[1], "allocator"), component(on_gpus[1], "vae workspace"));
  demand.device = DeviceKind::Cpu;
  EXPECT_EQ(sum_over(predict_memory(model, layers_layout(model.layers, 4, 2), demand), "allocator"), 0);
}

TEST(MemoryModel, Fp8HalvesTheMatricesOnly) {
  const ModelShape model = published_model();
  MemoryDemand demand = demand_of(k720x400);
  const auto bf16 = predict_memory(model, layers_layout(model.layers, 4, 1), demand);
  demand.weights = WeightType::Fp8;
  const auto fp8 = predict_memory(model, layers_layout(model.layers, 4, 1), demand);
  const double saved =
      gigabytes(component(bf16[0], "transformer weights") - component(fp8[0], "transformer weights"));
  // The published program goes from 88.4 to 72.4 GB: it rounds the injectors' modulation too.
  EXPECT_NEAR(saved, 15.3, 0.05);
  EXPECT_EQ(component(fp8[0], "key/value cache"), component(bf16[0], "key/value cache"));
}

TEST(MemoryModel, EightBitMatricesHaveAScaleForEachRow) {
  ModelShape model = published_model();
  model.audio_inject_layers.clear();
  const Stage middle = {{1, 2}, {0, 4}};
  const std::int64_t dim = model.dim, ffn = model.ffn_dim;
  const std::int64_t matrices = 8 * dim * dim + 2 * dim * ffn, rows = 8 * dim + ffn + dim;
  const std::int64_t rest = 2 * 6 * dim + (ffn + dim) + 8 * dim;
  for (const WeightType type : {WeightType::Fp8, WeightType::Int8}) {
    EXPECT_EQ(stage_weight_bytes(model, middle, type, DeviceKind::Gpu), matrices + 4 * rows + 2 * rest);
    EXPECT_EQ(stage_weight_bytes(model, middle, type, DeviceKind::Cpu), matrices + 4 * rows + 4 * rest);
  }
  EXPECT_EQ(stage_weight_bytes(model, middle, WeightType::Bf16, DeviceKind::Gpu), 2 * (matrices + rest));
}

TEST(MemoryModel, EightBitsNeedALittleMoreForAProduct) {
  const ModelShape model = published_model();
  MemoryDemand demand = demand_of(k720x400);
  const auto activations = [&](WeightType type) {
    demand.weights = type;
    return component(predict_memory(model, layers_layout(model.layers, 4, 1), demand)[0], "activations");
  };
  const std::int64_t plain = activations(WeightType::Bf16);
  EXPECT_EQ(activations(WeightType::Fp8) - plain, 3375 * (model.ffn_dim + 4));
  EXPECT_EQ(activations(WeightType::Int8) - plain, 64 << 20);
}

TEST(MemoryModel, CachesInFp8TakeAByteANumberAndAScaleAToken) {
  const ModelShape model = published_model();
  MemoryDemand demand = demand_of(k720x400);
  const Layout single = layers_layout(model.layers, 4, 1);
  const StageMemory plain = predict_memory(model, single, demand)[0];
  demand.kv_cache = KvCacheDtype::Fp8;
  const StageMemory fp8 = predict_memory(model, single, demand)[0];
  const std::int64_t of_a_token = 2 * model.layers * (model.dim + 4);
  EXPECT_EQ(component(fp8, "key/value cache"), 13500 * of_a_token);
  EXPECT_EQ(component(fp8, "sink cache"), 2778 * of_a_token);
  EXPECT_EQ(component(fp8, "reference keys"), 0);
  // One layer's at a time are opened.
  EXPECT_EQ(component(fp8, "activations") - component(plain, "activations"), 2 * 16278 * model.dim * 2);
  EXPECT_NEAR(gigabytes(plain.total_bytes() - fp8.total_bytes()), 6.8, 0.05);
}

TEST(WeightTypes, AreWhatTheDeviceComputesInUnlessEightBitsAreAskedFor) {
  EXPECT_EQ(weight_type_of(Precision::Auto, DeviceKind::Gpu), WeightType::Bf16);
  EXPECT_EQ(weight_type_of(Precision::Auto, DeviceKind::Cpu), WeightType::Fp32);
  for (const DeviceKind device : {DeviceKind::Gpu, DeviceKind::Cpu}) {
    EXPECT_EQ(name_of(weight_type_of(Precision::Fp8, device)), "fp8");
    EXPECT_EQ(name_of(weight_type_of(Precision::Int8, device)), "int8");
  }
}

TEST(MemoryModel, ComputesInFloat32OnACpu) {
  const ModelShape model = published_model();
  MemoryDemand demand = demand_of({256, 384});
  const auto gpu = predict_memory(model, layers_layout(model.layers, 4, 1), demand);
  demand.device = DeviceKind::Cpu;
  demand.weights = WeightType::Fp32;
  const auto cpu = predict_memory(model, layers_layout(model.layers, 4, 1), demand);
  EXPECT_EQ(component(cpu[0], "key/value cache"), 2 * component(gpu[0], "key/value cache"));
  EXPECT_GT(component(cpu[0], "program"), 0);
  EXPECT_EQ(component(cpu[0], "cuda context"), 0);
}

TEST(MemoryModel, GuidanceDoublesTheCaches) {
  const ModelShape model = published_model();
  MemoryDemand demand = demand_of(k720x400);
  const auto plain = predict_memory(model, layers_layout(model.layers, 4, 1), demand);
  demand.guided = true;
  const auto guided = predict_memory(model, layers_layout(model.layers, 4, 1), demand);
  for (const char* part : {"key/value cache", "sink cache", "reference keys", "text keys and values"}) {
    EXPECT_EQ(component(guided[0], part), 2 * component(plain[0], part)) << part;
  }
  EXPECT_EQ(component(guided[0], "transformer weights"), component(plain[0], "transformer weights"));
}

TEST(MemoryModel, EncodingTheTextIsThePeakWhereFewLayersAre) {
  const ModelShape model = published_model();
  const auto stages = predict_memory(model, layers_layout(model.layers, 4, 20), demand_of({256, 384}));
  EXPECT_NEAR(gigabytes(component(stages[0], "text encoder")), 11.36, 0.005);
  EXPECT_NEAR(gigabytes(component(stages[0], "speech encoder")), 0.631, 0.001);
  EXPECT_EQ(component(stages[0], "transformer weights"), 0);
  EXPECT_EQ(component(stages[1], "text encoder"), 0);
  EXPECT_GT(component(stages[1], "transformer weights"), 0);
}

TEST(MemoryModel, GrowsWithTheSizeAndNotWithTheFilm) {
  const ModelShape model = published_model();
  std::int64_t before = 0;
  for (const FrameSize size : {FrameSize{256, 384}, FrameSize{368, 688}, FrameSize{384, 704}, k720x400}) {
    const std::int64_t peak =
        peak_bytes(predict_memory(model, layers_layout(model.layers, 4, 1), demand_of(size)));
    EXPECT_GT(peak, before);
    before = peak;
  }
}

// The sizes of a decoder with 1 level: conv1, four convolutions in the middle, two of its one block (no
// further residual blocks), head.
TEST(VaeMemory, CountsTwoFramesBeforeEveryConvolution) {
  VaeShape vae;
  vae.dim = 4;
  vae.z_dim = 3;
  vae.dim_mult = {1};
  vae.num_res_blocks = 0;
  vae.temporal_downsample = {};
  EXPECT_EQ(vae_kept_numbers(vae, {8, 16}), 2 * (8 * 16) * (3 + 4 * 4 + 2 * 4 + 4));
  EXPECT_EQ(vae_workspace_numbers(vae, {8, 16}, false), (3 + 2) * 8 * 16 * 4);
  EXPECT_EQ(vae_workspace_numbers(vae, {8, 16}, true), (4 + 2) * 8 * 16 * 4);
}

TEST(ModelShape, OfTheBundledConfigIsThePublishedOne) {
  const ModelShape bundled = read_model_shape(std::string(LONGTAKE_CONFIGS_DIR) + "/models/Wan2.2-S2V-14B");
  EXPECT_EQ(transformer_weights(bundled), transformer_weights(published_model()));
  EXPECT_EQ(bundled.audio_inject_layers, published_model().audio_inject_layers);
}

std::string message_for(const std::string& json) {
  try {
    parse_model_shape(json, "ckpt/config.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidInput);
    return error.what();
  }
  return "";
}

TEST(ModelShape, NamesFileAndKeyOfWhatIsWrong) {
  EXPECT_THAT(message_for("[]"), HasSubstr("ckpt/config.json: it is no JSON object"));
  EXPECT_THAT(message_for(R"({"ffn_dim": 8})"), HasSubstr("ckpt/config.json: dim is missing"));
  EXPECT_THAT(message_for(R"({"dim": "wide"})"), HasSubstr("dim must be a positive number, got \"wide\""));
  const std::string sizes = R"("dim": 8, "ffn_dim": 8, "num_heads": 2, "num_layers": 2)";
  EXPECT_THAT(message_for("{" + sizes + "}"), HasSubstr("audio_inject_layers must be a list"));
  EXPECT_THAT(message_for("{" + sizes + R"(, "audio_inject_layers": [2]})"), HasSubstr("from 0 to 1, got 2"));
  EXPECT_THAT(message_for("{" + sizes + R"(, "audio_inject_layers": [0], "vae": {"dim_mult": [1, 2]}})"),
              HasSubstr("vae.temporal_downsample"));
}

}  // namespace
}  // namespace longtake
