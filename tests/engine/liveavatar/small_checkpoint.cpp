#include "tests/engine/liveavatar/small_checkpoint.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "rank/engine/pipeline/transformer_model.h"
#include "rank/engine/transformer/text_embedding.h"
#include "rank/engine/transformer/time_embedding.h"
#include "rank/engine/weights/weight_source.h"
#include "storage/safetensors.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Random weights that remember what was asked for.
class Recorder : public WeightSource {
 public:
  std::vector<std::string> names() const override { return {}; }
  bool has(const std::string&) const override { return true; }
  bool has_shapes() const override { return false; }
  std::vector<std::int64_t> shape_of(const std::string&) const override { return {}; }
  std::string file_of(const std::string&) const override { return "the small checkpoint"; }
  at::Tensor read(const std::string& name, at::IntArrayRef shape) const override {
    return recorded[name] = random_.take(name, shape).contiguous();
  }

  mutable std::map<std::string, at::Tensor> recorded;

 private:
  Weights random_ = random_weights(5, {});
};

void write_json(const fs::path& path, const json& document) { std::ofstream(path) << document.dump(1); }

/// Contiguous, float32.
void write_tensors(const fs::path& path, const std::map<std::string, at::Tensor>& tensors) {
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : tensors) {
    const std::string_view bytes(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
    views[name] = {TensorType::F32, tensor.sizes().vec(), bytes};
  }
  write_safetensors(path, views, {});
}

json transformer_json() {
  const json audio = reference_json("wav2vec2_config.json");
  json config = reference_json("dit_config.json");
  config["audio_dim"] = audio.at("hidden_size");
  config["num_audio_layers"] = audio.at("num_hidden_layers").get<int>() + 1;
  config["text_dim"] = reference_json("meta.json").at("t5").at("dim");
  return config;
}

void write_transformer(const fs::path& folder) {
  write_json(folder / "config.json", transformer_json());
  const auto recorder = std::make_shared<Recorder>();
  const Weights weights(recorder, {});
  const TransformerModel model(read_transformer_config(folder / "config.json"), weights);
  const TextEmbedding text(model.config, weights);
  const TimeEmbedding time(model.config, weights);
  json index;
  for (const auto& named : recorder->recorded) {
    index["weight_map"][named.first] = "diffusion_pytorch_model.safetensors";
  }
  write_tensors(folder / "diffusion_pytorch_model.safetensors", recorder->recorded);
  write_json(folder / "diffusion_pytorch_model.safetensors.index.json", index);
}

std::vector<float> numbers(const std::string& name) {
  const at::Tensor tensor = reference_tensor("vae_io.safetensors", name).to(at::kFloat).contiguous();
  return {tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel()};
}

void write_vae(const fs::path& folder) {
  json config = reference_json("meta.json").at("vae");
  config["latent_mean"] = numbers("latent_mean");
  config["latent_std"] = numbers("latent_std");
  write_json(folder / "Wan2.1_VAE.json", config);
  fs::copy_file(reference("vae_weights.safetensors"), folder / "Wan2.1_VAE.safetensors");
}

/// The reference set's text encoder knows fewer words than its tokenizer: it is given more.
void write_text_encoder(const fs::path& path) {
  constexpr std::int64_t kWords = 32'768;
  const std::string file = "t5_weights.safetensors";
  const std::string embedding = "token_embedding.weight";
  std::map<std::string, at::Tensor> tensors;
  for (const std::string& name : reference_weights(file).names()) {
    tensors[name] = reference_tensor(file, name).to(at::kFloat).contiguous();
  }
  const std::int64_t width = tensors.at(embedding).size(1);
  tensors[embedding] = random_weights(6, {}).take(embedding, {kWords, width});
  write_tensors(path, tensors);
}

}  // namespace

void write_small_checkpoint(const fs::path& folder) {
  const fs::path audio = folder / "wav2vec2-large-xlsr-53-english";
  const fs::path tokenizer = folder / "google/umt5-xxl";
  fs::create_directories(audio);
  fs::create_directories(tokenizer);
  write_transformer(folder);
  write_vae(folder);
  write_text_encoder(folder / "models_t5_umt5-xxl-enc-bf16.safetensors");
  fs::copy_file(reference("spiece.model"), tokenizer / "spiece.model");
  fs::copy_file(reference("wav2vec2_config.json"), audio / "config.json");
  fs::copy_file(reference("wav2vec2_weights.safetensors"), audio / "model.safetensors");
}

}  // namespace longtake
