#include "jobs/model/weight_count.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "storage/safetensors.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

fs::path reference(const std::string& name) {
  const char* folder = std::getenv("LONGTAKE_REFERENCE_DIR");
  return fs::path(folder ? folder : LONGTAKE_DEFAULT_REFERENCE_DIR) / name;
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The numbers in the tensors of a file whose names begin with one of `prefixes`.
std::int64_t numbers_in(const std::string& name, const std::vector<std::string>& prefixes) {
  const SafetensorsFile file(reference(name));
  std::int64_t total = 0;
  for (const auto& [tensor, entry] : file.entries()) {
    const auto begins = [&name = tensor](const std::string& prefix) { return name.rfind(prefix, 0) == 0; };
    if (std::none_of(prefixes.begin(), prefixes.end(), begins)) continue;
    total += std::accumulate(entry.shape.begin(), entry.shape.end(), std::int64_t{1}, std::multiplies<>());
  }
  return total;
}

ModelShape reference_shape() {
  return parse_model_shape(text_of(reference("dit_config.json")), "dit_config.json");
}

VaeShape reference_vae() {
  nlohmann::json config = nlohmann::json::parse(text_of(reference("dit_config.json")));
  config["vae"] = nlohmann::json::parse(text_of(reference("meta.json"))).at("vae");
  return parse_model_shape(config.dump(), "dit_config.json").vae;
}

TEST(WeightCount, OfATransformerIsWhatItsCheckpointHolds) {
  const ModelShape shape = reference_shape();
  const std::string file = "dit_weights.safetensors";
  EXPECT_EQ(transformer_weights(shape), numbers_in(file, {""}));
  EXPECT_EQ(head_weights(shape), numbers_in(file, {"head."}));
  EXPECT_EQ(audio_encoder_weights(shape), numbers_in(file, {"casual_audio_encoder."}));
  EXPECT_EQ(once_weights(shape), numbers_in(file, {"time_", "text_"}));
  EXPECT_EQ(input_weights(shape),
            numbers_in(file, {"patch_embedding.", "cond_encoder.", "frame_packer.", "trainable_cond_mask."}));
  const std::int64_t heard = shape.audio_inject_layers.at(0);
  EXPECT_EQ(layer_weights(shape, heard).total(),
            numbers_in(file, {"blocks." + std::to_string(heard) + ".", "audio_injector.injector.0.",
                              "audio_injector.injector_adain_layers.0."}));
}

TEST(WeightCount, OfAVaeIsWhatItsCheckpointHolds) {
  const VaeShape vae = reference_vae();
  const std::string file = "vae_weights.safetensors";
  EXPECT_EQ(vae_decoder_weights(vae), numbers_in(file, {"decoder.", "conv2."}));
  EXPECT_EQ(vae_encoder_weights(vae), numbers_in(file, {"encoder.", "conv1."}));
}

TEST(WeightCount, OfThePublishedModelsIsWhatIsPublished) {
  EXPECT_NEAR(static_cast<double>(transformer_weights(published_model())) / 1e9, 16.30, 0.005);
  const VaeShape vae;
  EXPECT_NEAR(static_cast<double>(vae_decoder_weights(vae) + vae_encoder_weights(vae)) / 1e6, 126.9, 0.05);
  EXPECT_NEAR(static_cast<double>(umt5_xxl_weights()) / 1e9, 5.681, 0.001);
  EXPECT_NEAR(static_cast<double>(wav2vec2_large_weights()) / 1e6, 315.4, 0.1);
}

TEST(WeightCount, OfTheLayersIsNearlyAllMatrices) {
  const ModelShape shape = published_model();
  const WeightCount layer = layer_weights(shape, 1);
  EXPECT_GT(static_cast<double>(layer.matrices) / static_cast<double>(layer.total()), 0.999);
  EXPECT_GT(layer_weights(shape, 0).total(), layer.total());
}

}  // namespace
}  // namespace longtake
