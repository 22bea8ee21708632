#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>

#include "rank/engine/kernels/scaled_product.h"
#include "rank/engine/transformer/linear.h"
#include "tests/engine/gpu/skip_without_gpu.h"
#include "tests/engine/reference.h"
#include "tests/engine/transformer/small_transformer.h"

namespace longtake {
namespace {

std::string why_not(Precision precision) {
  return precision == Precision::Fp8 ? why_no_scaled_product({at::kCUDA, 0}) : "";
}

class PrecisionOnGpu : public testing::TestWithParam<Precision> {
 private:
  c10::InferenceMode inference_;
};

#define LONGTAKE_SKIP_WITHOUT_PRECISION() \
  LONGTAKE_SKIP_WITHOUT_GPU();            \
  if (!why_not(GetParam()).empty()) GTEST_SKIP() << why_not(GetParam())

std::vector<at::Tensor> rollout(const WeightOptions& options,
                                KvCacheDtype kv_cache_dtype = KvCacheDtype::Auto) {
  const RolloutInputs inputs;
  SmallTransformer transformer(reference_config(), reference_transformer_weights(options), inputs, {},
                               kv_cache_dtype);
  transformer.fill_sink();
  return step_major(transformer, inputs);
}

double worst_error(const std::vector<at::Tensor>& latents, const std::vector<at::Tensor>& expected) {
  double worst = 0;
  for (std::size_t i = 0; i < latents.size(); ++i) {
    worst = std::max(worst, relative_error(latents[i].cpu(), expected[i].cpu()));
  }
  return worst;
}

TEST_P(PrecisionOnGpu, IsNoWorseThanOnTheCpu) {
  LONGTAKE_SKIP_WITHOUT_PRECISION();
  const std::vector<at::Tensor> exact = rollout({at::kFloat, at::kCPU});
  const std::vector<at::Tensor> cpu = rollout({at::kFloat, at::kCPU, GetParam()});
  const std::vector<at::Tensor> gpu = rollout({at::kBFloat16, at::kCUDA, GetParam()});
  const double on_gpu = worst_error(gpu, exact), on_cpu = worst_error(cpu, exact);
  std::cout << name_of(GetParam()) << ": worst relative error of a finished block, GPU " << on_gpu << ", CPU "
            << on_cpu << ", between them " << worst_error(gpu, cpu) << "\n";
  EXPECT_LT(on_gpu, on_cpu + 0.05);  // bfloat16 has a part in it
}

TEST(KvCachesOnGpu, InFp8AreNoWorseThanOnTheCpu) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  const std::vector<at::Tensor> exact = rollout({at::kFloat, at::kCPU});
  const std::vector<at::Tensor> cpu = rollout({at::kFloat, at::kCPU}, KvCacheDtype::Fp8);
  const std::vector<at::Tensor> gpu = rollout({at::kBFloat16, at::kCUDA}, KvCacheDtype::Fp8);
  const double on_gpu = worst_error(gpu, exact), on_cpu = worst_error(cpu, exact);
  std::cout << "caches in fp8: worst relative error of a finished block, GPU " << on_gpu << ", CPU " << on_cpu
            << ", between them " << worst_error(gpu, cpu) << "\n";
  EXPECT_LT(on_gpu, on_cpu + 0.05);  // bfloat16 has a part in it
}

TEST(KvCachesOnGpu, InFp8GiveTheSameBitsInEveryRun) {
  LONGTAKE_SKIP_WITHOUT_GPU();
  const c10::InferenceMode inference;
  const std::vector<at::Tensor> once = rollout({at::kBFloat16, at::kCUDA}, KvCacheDtype::Fp8);
  const std::vector<at::Tensor> again = rollout({at::kBFloat16, at::kCUDA}, KvCacheDtype::Fp8);
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_TRUE(at::equal(once[i], again[i])) << "block " << i;
}

// What a layer of the published model multiplies: 720*400, self-attention and both ends of the feed-forward.
TEST_P(PrecisionOnGpu, MultipliesThePublishedShapes) {
  LONGTAKE_SKIP_WITHOUT_PRECISION();
  const auto [inputs, outputs] = std::pair{std::int64_t{5120}, std::int64_t{13824}};
  for (const auto& [width, height] : {std::pair{inputs, inputs}, {inputs, outputs}, {outputs, inputs}}) {
    at::manual_seed(5);
    const at::Tensor weight = at::randn({height, width}) / std::sqrt(static_cast<double>(width));
    const at::Tensor bias = at::randn({height}), x = at::randn({3375, width}).to(at::kBFloat16).cuda();
    const Weights weights = weights_of({{"a.weight", weight}, {"a.bias", bias}},
                                       {at::kBFloat16, at::Device(at::kCUDA, 0), GetParam()});
    const at::Tensor found = take_large_linear(weights, "a", width, height)(x);
    const at::Tensor expected = at::addmm(bias.cuda(), x.to(at::kFloat), weight.cuda().t());
    const double error = relative_error(found, expected);
    std::cout << name_of(GetParam()) << " " << width << " to " << height << ": relative error " << error
              << "\n";
    EXPECT_EQ(found.scalar_type(), at::kBFloat16);
    EXPECT_LT(error, GetParam() == Precision::Fp8 ? 0.04 : 0.012);
  }
}

INSTANTIATE_TEST_SUITE_P(EightBits, PrecisionOnGpu, testing::Values(Precision::Fp8, Precision::Int8),
                         [](const auto& tested) { return std::string(name_of(tested.param)); });

}  // namespace
}  // namespace longtake
