#include "rank/engine/audio/wav2vec2_config.h"

#include <gmock/gmock.h>

#include <fstream>

#include "jobs/error.h"
#include "tests/engine/audio/small_model.h"
#include "tests/engine/reference.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

/// The reference's file with one key changed; null removes it.
std::filesystem::path config_with(const std::string& key, const nlohmann::json& value) {
  nlohmann::json keys = reference_json("wav2vec2_config.json");
  keys[key] = value;
  if (value.is_null()) keys.erase(key);
  const std::filesystem::path file = temp_path("wav2vec2-config.json");
  std::ofstream(file) << keys;
  return file;
}

std::string refusal_with(const std::string& key, const nlohmann::json& value) {
  const std::filesystem::path file = config_with(key, value);
  try {
    read_wav2vec2_config(file);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), HasSubstr(file.string()));
    return e.what();
  }
  return "";
}

TEST(Wav2Vec2Config, IsReadFromAHuggingFaceFile) {
  const auto keys = reference_json("wav2vec2_config.json");
  const Wav2Vec2Config config = read_wav2vec2_config(reference("wav2vec2_config.json"));
  EXPECT_EQ(config.width, keys.at("hidden_size").get<std::int64_t>());
  EXPECT_EQ(config.layers, keys.at("num_hidden_layers").get<std::int64_t>());
  EXPECT_EQ(config.conv_channels, keys.at("conv_dim").get<std::vector<std::int64_t>>());
}

TEST(Wav2Vec2Config, AFeatureIs20MsApartAndHears25Ms) {
  const Wav2Vec2Config config = small_wav2vec2();
  EXPECT_EQ(config.hop_samples(), 320);
  EXPECT_EQ(config.field_samples(), 400);
  EXPECT_EQ(config.frames_of(399), 0);
  EXPECT_EQ(config.frames_of(400), 1);
  EXPECT_EQ(config.frames_of(719), 1);
  EXPECT_EQ(config.frames_of(720), 2);
}

TEST(Wav2Vec2Config, OtherFormsOfTheModelAreRefused) {
  EXPECT_THAT(refusal_with("feat_extract_norm", "group"),
              AllOf(HasSubstr("feat_extract_norm"), HasSubstr("\"layer\"")));
  EXPECT_THAT(refusal_with("do_stable_layer_norm", false), HasSubstr("do_stable_layer_norm"));
  EXPECT_THAT(refusal_with("hidden_act", "relu"), HasSubstr("hidden_act"));
}

struct Version {
  nlohmann::json value;
  bool last_state_normed;
};

class Wav2Vec2ConfigVersion : public testing::TestWithParam<Version> {};

TEST_P(Wav2Vec2ConfigVersion, DecidesOnTheLastHiddenState) {
  const std::filesystem::path file = config_with("transformers_version", GetParam().value);
  EXPECT_EQ(read_wav2vec2_config(file).last_state_normed, GetParam().last_state_normed);
}

INSTANTIATE_TEST_SUITE_P(Wav2Vec2Config, Wav2Vec2ConfigVersion,
                         testing::Values(Version{"4.7.0.dev0", true}, Version{"4.51.3", true},
                                         Version{"5.17.0", false}, Version{nullptr, true}));

TEST(Wav2Vec2Config, WhatCannotBeIsNamed) {
  EXPECT_THAT(refusal_with("hidden_size", nullptr), HasSubstr("'hidden_size' is missing"));
  EXPECT_THAT(refusal_with("hidden_size", "large"),
              HasSubstr("'hidden_size' is of the wrong type: \"large\""));
  EXPECT_THAT(refusal_with("num_hidden_layers", -1),
              HasSubstr("'num_hidden_layers' must be at least 1, got -1"));
  EXPECT_THAT(refusal_with("intermediate_size", 0), HasSubstr("'intermediate_size' must be at least 1"));
  EXPECT_THAT(refusal_with("layer_norm_eps", -1e-5), HasSubstr("'layer_norm_eps' must be above 0"));
  EXPECT_THAT(refusal_with("num_attention_heads", 7), HasSubstr("'num_attention_heads'"));
  EXPECT_THAT(refusal_with("num_conv_pos_embedding_groups", 7), HasSubstr("'num_conv_pos_embedding_groups'"));
  EXPECT_THAT(refusal_with("conv_stride", {5, 2}), HasSubstr("'conv_stride'"));
}

}  // namespace
}  // namespace longtake
