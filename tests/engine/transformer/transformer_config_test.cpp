#include "rank/engine/transformer/transformer_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "jobs/error.h"

namespace longtake {
namespace {

using nlohmann::json;

/// The published 14 B config, as far as it speaks of sizes.
json published() {
  return json::parse(R"({"_class_name": "WanModel_S2V", "adain_mode": "attn_norm", "add_last_motion": true,
    "audio_dim": 1024, "audio_inject_layers": [0, 4, 8, 12, 16, 20, 24, 27, 30, 33, 36, 39], "cond_dim": 16,
    "dim": 5120, "enable_adain": true, "enable_framepack": true, "enable_motioner": false, "enable_tsm": false,
    "eps": 1e-06, "ffn_dim": 13824, "framepack_drop_mode": "padd", "freq_dim": 256, "in_dim": 16,
    "model_type": "s2v", "motion_token_num": 1024, "num_audio_token": 4, "num_heads": 40, "num_layers": 40,
    "out_dim": 16, "text_len": 512, "trainable_token_pos_emb": false, "zero_init": true,
    "zero_timestep": true})");
}

std::string refusal(const json& config) {
  try {
    parse_transformer_config(config.dump(), "m/config.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidInput);
    return error.what();
  }
  return "";
}

TEST(TransformerConfig, ReadsThePublishedFile) {
  const TransformerConfig config = parse_transformer_config(published().dump(), "config.json");
  EXPECT_EQ(config.dim, 5120);
  EXPECT_EQ(config.head_dim(), 128);
  EXPECT_EQ(config.layers, 40);
  EXPECT_EQ(config.text_dim, 4096);
  EXPECT_EQ(config.motion_frames, 73);
  EXPECT_EQ(config.injector_of(27), 7);
  EXPECT_EQ(config.injector_of(28), std::nullopt);
}

TEST(TransformerConfig, NumbersInjectorsByLayerHoweverTheListIsWritten) {
  json config = published();
  config["audio_inject_layers"] = {8, 0, 4};
  EXPECT_EQ(parse_transformer_config(config.dump(), "config.json").injector_of(8), 2);
}

TEST(TransformerConfig, NamesFileAndKeyOfWhatIsWrong) {
  const std::vector<std::pair<const char*, json>> wrong = {{"dim", 0},
                                                           {"dim", 5121},
                                                           {"num_layers", "forty"},
                                                           {"audio_inject_layers", {40}},
                                                           {"eps", -1},
                                                           {"freq_dim", 255},
                                                           {"model_type", "t2v"},
                                                           {"zero_timestep", false},
                                                           {"motion_frames", 72},
                                                           {"enable_adain", false},
                                                           {"patch_size", {1, 4, 4}},
                                                           {"enable_motioner", true}};
  for (const auto& [key, value] : wrong) {
    json config = published();
    config[key] = value;
    EXPECT_THAT(refusal(config), testing::AllOf(testing::HasSubstr("m/config.json"), testing::HasSubstr(key)))
        << key << " = " << value;
  }
}

TEST(TransformerConfig, NamesWhatIsMissing) {
  for (const char* key : {"dim", "ffn_dim", "num_heads", "num_layers", "audio_inject_layers"}) {
    json config = published();
    config.erase(key);
    EXPECT_THAT(refusal(config), testing::HasSubstr(std::string(key) + " is missing"));
  }
}

TEST(TransformerConfig, RefusesWhatIsNotJson) {
  EXPECT_THROW(parse_transformer_config("{dim", "config.json"), Error);
  EXPECT_THROW(read_transformer_config("/nowhere/config.json"), Error);
}

}  // namespace
}  // namespace longtake
