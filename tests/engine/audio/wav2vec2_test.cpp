#include "rank/engine/audio/wav2vec2.h"

#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>

#include <map>

#include "jobs/error.h"
#include "rank/engine/compute_threads.h"
#include "tests/engine/audio/small_model.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

using testing::HasSubstr;

constexpr const char* kWeights = "wav2vec2_weights.safetensors";
constexpr const char* kIo = "wav2vec2_io.safetensors";
constexpr const char* kConvolution = "wav2vec2.encoder.pos_conv_embed.conv.";

using Tensors = std::map<std::string, at::Tensor>;

Wav2Vec2Config reference_config() { return read_wav2vec2_config(reference("wav2vec2_config.json")); }

Tensors reference_tensors() {
  const Weights weights = reference_weights(kWeights);
  Tensors tensors;
  for (const std::string& name : weights.names()) tensors[name] = weights.take(name, weights.shape_of(name));
  return tensors;
}

void rename(Tensors& tensors, const std::string& from, const std::string& to) {
  auto entry = tensors.extract(from);
  ASSERT_FALSE(entry.empty()) << from;
  entry.key() = to;
  tensors.insert(std::move(entry));
}

double error_of(const Wav2Vec2& model) {
  const at::Tensor input_1S = reference_tensor(kIo, "input_values");
  return relative_error(model.hidden_states(input_1S.squeeze(0)), reference_tensor(kIo, "hidden_states"));
}

TEST(Wav2Vec2, GivesTheReferencesHiddenStates) {
  const c10::InferenceMode inference;
  EXPECT_LT(error_of(Wav2Vec2(reference_config(), reference_weights(kWeights))), 1e-4);
}

TEST(Wav2Vec2, EachHiddenStateAloneIsTheReferences) {
  const c10::InferenceMode inference;
  const Wav2Vec2 model(reference_config(), reference_weights(kWeights));
  const at::Tensor expected_NTD = reference_tensor(kIo, "hidden_states");
  const at::Tensor out_NTD = model.hidden_states(reference_tensor(kIo, "input_values").squeeze(0));
  ASSERT_EQ(out_NTD.sizes(), expected_NTD.sizes());
  for (std::int64_t i = 0; i < out_NTD.size(0); ++i)
    EXPECT_LT(relative_error(out_NTD[i], expected_NTD[i]), 1e-4) << i;
}

TEST(Wav2Vec2, KnowsTheNewNamesOfWeightNorm) {
  const c10::InferenceMode inference;
  Tensors tensors = reference_tensors();
  rename(tensors, std::string(kConvolution) + "weight_g",
         std::string(kConvolution) + "parametrizations.weight.original0");
  rename(tensors, std::string(kConvolution) + "weight_v",
         std::string(kConvolution) + "parametrizations.weight.original1");
  EXPECT_LT(error_of(Wav2Vec2(reference_config(), weights_of(tensors, {}))), 1e-4);
}

TEST(Wav2Vec2, KnowsNamesWithoutAPrefixAndLeavesHeads) {
  const c10::InferenceMode inference;
  Tensors tensors;
  for (const auto& [name, tensor] : reference_tensors())
    tensors[name.substr(std::string("wav2vec2.").size())] = tensor;
  tensors["lm_head.weight"] = at::zeros({3, 3});
  tensors["lm_head.bias"] = at::zeros({3});
  EXPECT_LT(error_of(Wav2Vec2(reference_config(), weights_of(tensors, {}))), 1e-4);
}

TEST(Wav2Vec2, AWeightNobodyKnowsIsNamed) {
  Tensors tensors = reference_tensors();
  tensors["wav2vec2.encoder.surprise.weight"] = at::zeros({1});
  try {
    const Wav2Vec2 model(reference_config(), weights_of(tensors, {}));
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), HasSubstr("wav2vec2.encoder.surprise.weight"));
  }
}

TEST(Wav2Vec2, OnlyTheLastHiddenStateIsNormed) {
  const c10::InferenceMode inference;
  Wav2Vec2Config config = small_wav2vec2();
  const Weights weights = random_weights(5, {});
  const at::Tensor samples_S = weights.take("noise.bias", {4000}) * 50;
  config.last_state_normed = false;
  at::Tensor expected_NTD = Wav2Vec2(config, weights).hidden_states(samples_S).clone();
  config.last_state_normed = true;
  const at::Tensor out_NTD = Wav2Vec2(config, weights).hidden_states(samples_S);
  expected_NTD[-1] = at::layer_norm(expected_NTD[-1], {config.width},
                                    weights.take("wav2vec2.encoder.layer_norm.weight", {config.width}),
                                    weights.take("wav2vec2.encoder.layer_norm.bias", {config.width}));
  EXPECT_LT(relative_error(out_NTD, expected_NTD), 1e-6);
}

TEST(Wav2Vec2, OneFrameIsEnough) {
  const c10::InferenceMode inference;
  const Wav2Vec2 model(small_wav2vec2(), random_weights(5, {}));
  EXPECT_EQ(model.hidden_states(at::ones({400})).sizes(), (std::vector<std::int64_t>{3, 1, 16}));
  EXPECT_THROW(model.hidden_states(at::ones({399})), Error);
}

TEST(Wav2Vec2, TheNumberOfComputeThreadsChangesNoBit) {
  const c10::InferenceMode inference;
  Wav2Vec2Config config = small_wav2vec2();
  config.width = 128;
  config.ffn_width = 256;
  config.conv_channels = {64, 64, 64, 64, 64, 64, 64};
  const Wav2Vec2 model(config, random_weights(4, {}));
  const at::Tensor samples_S = at::sin(at::arange(48000, at::kFloat) * 0.05F);
  at::Tensor expected_NTD;
  for (const int threads : {1, 2, 3}) {
    use_compute_threads(threads);
    const at::Tensor out_NTD = model.hidden_states(samples_S);
    if (!expected_NTD.defined()) expected_NTD = out_NTD;
    EXPECT_TRUE(at::equal(out_NTD, expected_NTD)) << threads;
  }
}

}  // namespace
}  // namespace longtake
