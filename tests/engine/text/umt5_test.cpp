#include "rank/engine/text/umt5.h"

#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>

#include "jobs/error.h"
#include "rank/engine/compute_threads.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

using testing::HasSubstr;

constexpr const char* kWeights = "t5_weights.safetensors";
constexpr const char* kIo = "t5_io.safetensors";

UmT5Config reference_config() {
  const auto sizes = reference_json("meta.json").at("t5");
  UmT5Config config;
  sizes.at("vocab").get_to(config.vocabulary);
  sizes.at("dim").get_to(config.width);
  sizes.at("dim_attn").get_to(config.attention_width);
  sizes.at("dim_ffn").get_to(config.ffn_width);
  sizes.at("num_heads").get_to(config.heads);
  sizes.at("num_layers").get_to(config.layers);
  sizes.at("num_buckets").get_to(config.buckets);
  sizes.at("shared_pos").get_to(config.shared_positions);
  return config;
}

UmT5Config small_config(bool shared_positions) {
  UmT5Config config;
  config.vocabulary = 40;
  config.width = 24;
  config.attention_width = 32;
  config.ffn_width = 48;
  config.heads = 4;
  config.layers = 2;
  config.buckets = 32;
  config.shared_positions = shared_positions;
  return config;
}

/// The rows that are no padding, [tokens, D].
at::Tensor rows_of(const at::Tensor& x_BLD, const at::Tensor& mask_BL) {
  return x_BLD.flatten(0, 1).index_select(0, mask_BL.flatten().nonzero().flatten());
}

std::string refusal_of(const std::function<void()>& attempt) {
  try {
    attempt();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    return e.what();
  }
  return "";
}

TEST(UmT5, GivesTheReferencesOutput) {
  const c10::InferenceMode inference;
  const UmT5Encoder encoder(reference_config(), reference_weights(kWeights));
  const at::Tensor out_BLD = encoder.encode(reference_tensor(kIo, "ids"), reference_tensor(kIo, "mask"));
  EXPECT_LT(relative_error(out_BLD, reference_tensor(kIo, "output")), 1e-4);
}

TEST(UmT5, PublishedInBfloat16ItStaysClose) {
  const c10::InferenceMode inference;
  const at::Tensor mask_BL = reference_tensor(kIo, "mask");
  const UmT5Encoder encoder(reference_config(),
                            open_weights(reference("checkpoint/t5_bf16.pth"), {at::kBFloat16, at::kCPU}));
  const at::Tensor out_BLD = encoder.encode(reference_tensor(kIo, "ids"), mask_BL);
  EXPECT_EQ(out_BLD.scalar_type(), at::kBFloat16);
  EXPECT_LT(relative_error(rows_of(out_BLD, mask_BL), rows_of(reference_tensor(kIo, "output"), mask_BL)),
            0.05);
}

TEST(UmT5, TheWeightsSayTheSizes) {
  const UmT5Config expected = reference_config();
  const UmT5Config config = umt5_config_of(reference_weights(kWeights));
  EXPECT_EQ(config.vocabulary, expected.vocabulary);
  EXPECT_EQ(config.width, expected.width);
  EXPECT_EQ(config.attention_width, expected.attention_width);
  EXPECT_EQ(config.ffn_width, expected.ffn_width);
  EXPECT_EQ(config.heads, expected.heads);
  EXPECT_EQ(config.layers, expected.layers);
  EXPECT_EQ(config.buckets, expected.buckets);
  EXPECT_EQ(config.shared_positions, expected.shared_positions);
}

TEST(UmT5, AWeightThatIsMissingInTheLastBlockIsNamed) {
  const Weights whole = reference_weights(kWeights);
  const std::string missing = "blocks." + std::to_string(reference_config().layers - 1) + ".norm1.weight";
  std::map<std::string, at::Tensor> tensors;
  for (const std::string& name : whole.names()) {
    if (name != missing) tensors[name] = whole.take(name, whole.shape_of(name));
  }
  const Weights weights = weights_of(tensors, {});
  EXPECT_THAT(refusal_of([&] { UmT5Encoder(umt5_config_of(weights), weights); }),
              HasSubstr("has no tensor '" + missing + "'"));
}

/// LibTorch left alone would share products of this size between its threads, and their sums would differ.
TEST(UmT5, TheNumberOfComputeThreadsChangesNoBit) {
  const c10::InferenceMode inference;
  UmT5Config config = small_config(false);
  config.width = config.attention_width = 256;
  config.ffn_width = 512;
  const UmT5Encoder encoder(config, random_weights(3, {}));
  const at::Tensor ids_BL = (at::arange(200, at::kLong) % config.vocabulary).unsqueeze(0);
  at::Tensor expected_BLD;
  for (const int threads : {1, 2, 3}) {
    use_compute_threads(threads);
    const at::Tensor out_BLD = encoder.encode(ids_BL, at::ones_like(ids_BL));
    if (!expected_BLD.defined()) expected_BLD = out_BLD;
    EXPECT_TRUE(at::equal(out_BLD, expected_BLD)) << threads;
  }
}

class PaddedUmT5 : public testing::TestWithParam<bool> {};

TEST_P(PaddedUmT5, PaddingDoesNotChangeTheWords) {
  const c10::InferenceMode inference;
  const UmT5Encoder encoder(small_config(GetParam()), random_weights(3, {}));
  const at::Tensor ids_BL = at::arange(5, at::kLong).unsqueeze(0);
  const at::Tensor bare_BLD = encoder.encode(ids_BL, at::ones_like(ids_BL));
  const at::Tensor padded_BL = at::constant_pad_nd(ids_BL, {0, 7});
  const at::Tensor mask_BL = at::constant_pad_nd(at::ones_like(ids_BL), {0, 7});
  const at::Tensor padded_BLD = encoder.encode(padded_BL, mask_BL);
  EXPECT_LT(relative_error(padded_BLD.narrow(1, 0, 5), bare_BLD), 1e-5);
}

INSTANTIATE_TEST_SUITE_P(SharedPositions, PaddedUmT5, testing::Bool());

TEST(UmT5, WordOrderMatters) {
  const c10::InferenceMode inference;
  const UmT5Encoder encoder(small_config(true), random_weights(3, {}));
  const at::Tensor ids_BL = at::arange(5, at::kLong).unsqueeze(0);
  const at::Tensor there_BLD = encoder.encode(ids_BL, at::ones_like(ids_BL));
  const at::Tensor back_BLD = encoder.encode(ids_BL.flip(1), at::ones_like(ids_BL)).flip(1);
  EXPECT_GT(relative_error(back_BLD, there_BLD), 1e-3);
}

TEST(UmT5, ATokenizerOfAnotherModelIsNoticed) {
  const UmT5Encoder encoder(small_config(false), random_weights(3, {}));
  const at::Tensor ids_BL = at::full({1, 2}, 40, at::kLong);
  EXPECT_THAT(refusal_of([&] { encoder.encode(ids_BL, at::ones_like(ids_BL)); }), HasSubstr("id 40"));
}

TEST(UmT5, SizesThatDoNotGoTogetherAreRefused) {
  UmT5Config config = small_config(false);
  config.heads = 5;
  EXPECT_THAT(refusal_of([&] { UmT5Encoder(config, random_weights(3, {})); }), HasSubstr("5 heads"));
}

TEST(UmT5, AWeightNobodyKnowsIsNamed) {
  UmT5Config config = reference_config();
  config.layers -= 1;
  EXPECT_THAT(refusal_of([&] { UmT5Encoder(config, reference_weights(kWeights)); }),
              HasSubstr("blocks." + std::to_string(config.layers)));
}

}  // namespace
}  // namespace longtake
