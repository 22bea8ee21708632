// A whole checkpoint folder with one defect each: what a person reads in the job's error.
#include <gmock/gmock.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "jobs/error.h"
#include "rank/engine/liveavatar/live_avatar.h"
#include "rank/engine/weights/weights.h"
#include "storage/media/image.h"
#include "storage/safetensors.h"
#include "tests/engine/liveavatar/small_checkpoint.h"
#include "tests/engine/reference.h"
#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::MatchesRegex;
using Tensors = std::map<std::string, at::Tensor>;

constexpr const char* kTransformer = "diffusion_pytorch_model.safetensors";
constexpr const char* kIndex = "diffusion_pytorch_model.safetensors.index.json";
constexpr const char* kVae = "Wan2.1_VAE.safetensors";
constexpr const char* kText = "models_t5_umt5-xxl-enc-bf16.safetensors";
constexpr const char* kTokenizer = "google/umt5-xxl/spiece.model";
constexpr const char* kSpeech = "wav2vec2-large-xlsr-53-english/model.safetensors";
constexpr const char* kSpeechConfig = "wav2vec2-large-xlsr-53-english/config.json";

void write_tensors(const fs::path& path, const Tensors& tensors) {
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : tensors) {
    views[name] = {TensorType::F32,
                   tensor.sizes().vec(),
                   {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()}};
  }
  write_safetensors(path, views, {});
}

/// What is done to the files of a checkpoint that is whole. Files are replaced, never written into: all
/// checkpoints of this test share them.
using Damage = std::function<void(const fs::path& model)>;

Damage tensors(const std::string& file, const std::function<void(Tensors&)>& edit) {
  return [=](const fs::path& model) {
    Tensors all;
    {
      const Weights weights = open_weights(model / file, {});
      for (const std::string& name : weights.names()) {
        all[name] = weights.take(name, weights.shape_of(name)).contiguous().clone();
      }
    }
    edit(all);
    fs::remove(model / file);
    write_tensors(model / file, all);
    if (file == kTransformer) fs::remove(model / kIndex);
  };
}

Damage without(const std::string& file, const std::string& tensor) {
  return tensors(file, [=](Tensors& all) { EXPECT_EQ(all.erase(tensor), 1U) << tensor; });
}

Damage with_more(const std::string& file, const std::string& tensor) {
  return tensors(file, [=](Tensors& all) { all[tensor] = at::ones({2}); });
}

Damage misshapen(const std::string& file, const std::string& tensor) {
  return tensors(file, [=](Tensors& all) { all.at(tensor) = at::ones({2, 5}); });
}

Damage cut(const std::string& file) {
  return [=](const fs::path& model) {
    const std::string whole = bytes_of(model / file);
    fs::remove(model / file);
    write_bytes(model / file, whole.substr(0, whole.size() - 4));
  };
}

Damage holding(const std::string& file, const std::string& bytes) {
  return [=](const fs::path& model) {
    fs::remove(model / file);
    write_bytes(model / file, bytes);
  };
}

Damage copied(const std::string& from, const std::string& to) {
  return [=](const fs::path& model) { fs::copy_file(reference(from), model / to); };
}

Damage first_part_of(const std::string& from, const std::string& to) {
  return [=](const fs::path& model) {
    const std::string whole = bytes_of(reference(from));
    write_bytes(model / to, whole.substr(0, whole.size() / 2));
  };
}

Damage removed(const std::string& file) {
  return [=](const fs::path& model) { fs::remove(model / file); };
}

Damage config(const std::string& file, const std::function<void(json&)>& edit) {
  return [=](const fs::path& model) {
    json document = json::parse(bytes_of(model / file));
    edit(document);
    holding(file, document.dump())(model);
  };
}

/// A defect, and the whole message as a regular expression (sizes and brackets are dots: they differ between
/// sets of reference tensors); MODEL stands for the folder.
struct Defect {
  const char* name;
  Damage damage;
  std::string message;
};

void PrintTo(const Defect& defect, std::ostream* out) { *out << defect.name; }

class BadCheckpoint : public testing::TestWithParam<Defect> {
 protected:
  static void SetUpTestSuite() {
    fs::remove_all(folder());
    write_small_checkpoint(folder() / "whole");
    write_png(folder() / "reference.png", {{64, 64}, std::vector<std::uint8_t>(64 * 64 * 3, 100)});
    write_bytes(folder() / "speech.f32", std::string(std::size_t{24} * kSamplesPerFrame * 4, '\0'));
  }
  static void TearDownTestSuite() { fs::remove_all(folder()); }

  static fs::path folder() { return temp_path("bad-checkpoint"); }

  /// A checkpoint of links to the files of the whole one.
  static fs::path linked(const std::string& name) {
    const fs::path model = folder() / name;
    fs::remove_all(model);
    fs::copy(folder() / "whole", model, fs::copy_options::recursive | fs::copy_options::create_hard_links);
    return model;
  }

  static SegmentOrder order(const fs::path& model, const fs::path& lora) {
    SegmentOrder wanted;
    wanted.settings.prompt = "a person speaks";
    wanted.settings.sample_steps = 1;
    wanted.settings.infer_frames = 24;
    wanted.settings.model = model;
    wanted.settings.lora = lora;
    wanted.size = {64, 64};
    wanted.range = wanted.clips = {0, 1};
    wanted.frames = {0, 24};
    wanted.film_frames = 24;
    wanted.reference_image = folder() / "reference.png";
    wanted.speech = folder() / "speech.f32";
    wanted.speech_samples = {0, 24 * kSamplesPerFrame};
    wanted.segment = folder() / "segment.mp4";
    wanted.carry_out = folder() / "carry.safetensors";
    return wanted;
  }

  /// What making a segment with this model ends with, the folder replaced by MODEL.
  static std::string message_of(const fs::path& model, const fs::path& lora = {}) {
    std::string message =
        refusal_of([&] { LiveAvatar({}).make(order(model, lora), [](std::int64_t) { return true; }); });
    const std::string path = model.string();
    for (std::size_t at = message.find(path); at != std::string::npos; at = message.find(path)) {
      message.replace(at, path.size(), "MODEL");
    }
    return message;
  }
};

TEST_F(BadCheckpoint, AWholeOneIsAccepted) { EXPECT_EQ(message_of(linked("good")), ""); }

TEST_P(BadCheckpoint, IsRefusedInALineThatNamesFileAndTensor) {
  const fs::path model = linked(GetParam().name);
  GetParam().damage(model);
  EXPECT_THAT(message_of(model), MatchesRegex(GetParam().message));
}

/// What a job with this adaptation ends with; LORA stands for its file.
class BadLora : public BadCheckpoint {
 protected:
  static std::string message_with(const Tensors& adaptation) {
    const fs::path lora = folder() / "lora.safetensors";
    fs::remove(lora);
    write_tensors(lora, adaptation);
    std::string message = message_of(linked("with-lora"), lora);
    const std::size_t at = message.find(lora.string());
    return at == std::string::npos ? message : message.replace(at, lora.string().size(), "LORA");
  }
};

TEST_F(BadLora, IsRefusedInALineThatNamesFileAndTensor) {
  const std::string a = "blocks.0.self_attn.q.lora_A.weight", b = "blocks.0.self_attn.q.lora_B.weight";
  EXPECT_EQ(message_with({{"blocks.99.self_attn.q.lora_A.weight", at::ones({1, 2})},
                          {"blocks.99.self_attn.q.lora_B.weight", at::ones({2, 1})}}),
            "tensor 'blocks.99.self_attn.q.lora_A.weight' of the adaptation LORA: the model has no tensor "
            "'blocks.99.self_attn.q.weight'");
  EXPECT_EQ(message_with({{a, at::ones({1, 64})}}),
            "tensor '" + a + "' of the adaptation LORA is without its other half, B");
  EXPECT_EQ(message_with({{a, at::ones({1, 64})}, {b, at::ones({64, 2})}}),
            "tensor '" + a + "' of the adaptation LORA of shape [1, 64] and '" + b +
                "' of shape [64, 2] have no rank: A must be [rank, columns], B [rows, rank]");
  EXPECT_THAT(message_with({{a, at::ones({1, 3})}, {b, at::ones({3, 1})}}),
              MatchesRegex("tensor '" + a +
                           "' of the adaptation LORA has shape .1, 3., which does not fit the columns of "
                           "tensor 'blocks.0.self_attn.q.weight' of "
                           "MODEL/diffusion_pytorch_model.safetensors, shape .+"));
}

TEST_F(BadLora, AMissingFileIsNamedWithWhatItIsCalled) {
  const fs::path lora = folder() / "no-lora";
  EXPECT_EQ(
      message_of(linked("no-lora-model"), lora),
      "the adaptation " + lora.string() + " is neither a file nor a folder with liveavatar.safetensors");
}

std::string name_of_defect(const testing::TestParamInfo<Defect>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Transformer, BadCheckpoint,
    testing::Values(
        Defect{"TensorMissing", without(kTransformer, "blocks.0.norm3.weight"),
               "MODEL/diffusion_pytorch_model.safetensors has no tensor 'blocks.0.norm3.weight'"},
        Defect{"TensorUnused", with_more(kTransformer, "blocks.0.gate.weight"),
               "MODEL/diffusion_pytorch_model.safetensors has 1 tensor that the model does not know: "
               "'blocks.0.gate.weight'"},
        Defect{"TensorMisshapen", misshapen(kTransformer, "head.head.weight"),
               "tensor 'head.head.weight' of MODEL/diffusion_pytorch_model.safetensors has shape .+, the "
               "model needs .+"},
        Defect{"FileTruncated", cut(kTransformer),
               "MODEL/diffusion_pytorch_model.safetensors is not a complete safetensors file: tensor '.+' "
               "lies at .+ of .+ bytes of data"},
        Defect{"ShardMissing", removed(kTransformer),
               "MODEL/diffusion_pytorch_model.safetensors is missing; "
               "MODEL/diffusion_pytorch_model.safetensors.index.json says that it holds '.+'"},
        Defect{
            "IndexNotJson", holding(kIndex, "<html>"),
            "MODEL/diffusion_pytorch_model.safetensors.index.json is not an index of shards: it is not JSON"},
        Defect{"ConfigMissing", removed("config.json"),
               "the model MODEL is not complete; missing: config.json"},
        Defect{"ConfigNotJson", holding("config.json", "{\"dim\": "),
               "MODEL/config.json is not a JSON object"},
        Defect{"ConfigKeyMissing", config("config.json", [](json& keys) { keys.erase("num_heads"); }),
               "MODEL/config.json: num_heads is missing; it must be a positive number"},
        Defect{"ConfigWrongType", config("config.json", [](json& keys) { keys["num_layers"] = "two"; }),
               "MODEL/config.json: num_layers must be a positive number, got \"two\""},
        Defect{"ConfigImpossible", config("config.json", [](json& keys) { keys["dim"] = -5; }),
               "MODEL/config.json: dim must be a positive number, got -5"},
        Defect{"ConfigOfAnotherModel", config("config.json", [](json& keys) { keys["model_type"] = "t2v"; }),
               "MODEL/config.json: model_type is \"t2v\"; this model needs \"s2v\""},
        Defect{"ConfigOfALargerModel", config("config.json", [](json& keys) { keys["ffn_dim"] = 4097; }),
               "tensor 'blocks.0.ffn.0.weight' of MODEL/diffusion_pytorch_model.safetensors has shape .+, "
               "the model needs .+"}),
    name_of_defect);

INSTANTIATE_TEST_SUITE_P(
    Vae, BadCheckpoint,
    testing::Values(
        Defect{"FileMissing", removed(kVae),
               "the model MODEL is not complete; missing: Wan2.1_VAE.pth or Wan2.1_VAE.safetensors"},
        Defect{"TensorMissing", without(kVae, "decoder.head.2.bias"),
               "MODEL/Wan2.1_VAE.safetensors has no tensor 'decoder.head.2.bias'"},
        Defect{"TensorMissingInEncoder", without(kVae, "encoder.head.2.bias"),
               "MODEL/Wan2.1_VAE.safetensors has no tensor 'encoder.head.2.bias'"},
        Defect{"TensorUnused", with_more(kVae, "decoder.extra"),
               "MODEL/Wan2.1_VAE.safetensors has 1 tensor that the model does not know: 'decoder.extra'"},
        Defect{"TensorUnusedOutside", with_more(kVae, "model_ema.decay"),
               "MODEL/Wan2.1_VAE.safetensors has 1 tensor that the model does not know: 'model_ema.decay'"},
        Defect{"TensorMisshapen", misshapen(kVae, "conv2.weight"),
               "tensor 'conv2.weight' of MODEL/Wan2.1_VAE.safetensors has shape .+, the model needs .+"},
        Defect{"FileTruncated", cut(kVae),
               "MODEL/Wan2.1_VAE.safetensors is not a complete safetensors file: tensor '.+' lies at .+ of "
               ".+ bytes of data"},
        Defect{"PthTruncated", first_part_of("checkpoint/vae_part.pth", "Wan2.1_VAE.pth"),
               "MODEL/Wan2.1_VAE.pth is not a complete file of torch.save: it is no zip archive, or one that "
               "is cut short .PyTorch 1.6 and later write archives."},
        Defect{"PthOfOtherTensors", copied("checkpoint/t5_bf16.pth", "Wan2.1_VAE.pth"),
               "MODEL/Wan2.1_VAE.pth has no tensor 'encoder.conv1.weight'"},
        Defect{"ConfigNotJson", holding("Wan2.1_VAE.json", "dim: 16"),
               "reading the VAE's shape from MODEL/Wan2.1_VAE.json: it is no JSON object"},
        Defect{"ConfigImpossible", config("Wan2.1_VAE.json", [](json& keys) { keys["dim"] = 0; }),
               "reading the VAE's shape from MODEL/Wan2.1_VAE.json: dim and z_dim must be at least 1, got 0 "
               "and .+"}),
    name_of_defect);

INSTANTIATE_TEST_SUITE_P(
    Text, BadCheckpoint,
    testing::Values(
        Defect{"FileMissing", removed(kText),
               "the model MODEL is not complete; missing: models_t5_umt5-xxl-enc-bf16.pth or "
               "models_t5_umt5-xxl-enc-bf16.safetensors"},
        Defect{"TensorMissing", without(kText, "blocks.0.attn.k.weight"),
               "MODEL/models_t5_umt5-xxl-enc-bf16.safetensors has no tensor 'blocks.0.attn.k.weight'"},
        Defect{"NormMissing", without(kText, "blocks.0.norm1.weight"),
               "MODEL/models_t5_umt5-xxl-enc-bf16.safetensors has no tensor 'blocks.0.norm1.weight'"},
        Defect{"TensorUnused", with_more(kText, "decoder.norm.weight"),
               "MODEL/models_t5_umt5-xxl-enc-bf16.safetensors has 1 tensor that the model does not know: "
               "'decoder.norm.weight'"},
        Defect{"TensorMisshapen", misshapen(kText, "blocks.0.ffn.fc2.weight"),
               "tensor 'blocks.0.ffn.fc2.weight' of MODEL/models_t5_umt5-xxl-enc-bf16.safetensors has shape "
               ".+, the model needs .+"},
        Defect{"FileTruncated", cut(kText),
               "MODEL/models_t5_umt5-xxl-enc-bf16.safetensors is not a complete safetensors file: tensor "
               "'.+' lies at .+ of .+ bytes of data"},
        Defect{"TokenizerMissing", removed(kTokenizer),
               "the model MODEL is not complete; missing: google/umt5-xxl/spiece.model"},
        Defect{"TokenizerNone", holding(kTokenizer, "no model"),
               "cannot read the tokenizer MODEL/google/umt5-xxl/spiece.model: it is no SentencePiece model, "
               "or cut short"}),
    name_of_defect);

INSTANTIATE_TEST_SUITE_P(
    Speech, BadCheckpoint,
    testing::Values(
        Defect{"FileMissing", removed(kSpeech),
               "the model MODEL is not complete; missing: wav2vec2-large-xlsr-53-english/model.safetensors "
               "or wav2vec2-large-xlsr-53-english/pytorch_model.bin"},
        Defect{"ConfigMissing", removed(kSpeechConfig),
               "the model MODEL is not complete; missing: wav2vec2-large-xlsr-53-english/config.json"},
        Defect{"TensorMissing", without(kSpeech, "wav2vec2.encoder.layer_norm.bias"),
               "MODEL/wav2vec2-large-xlsr-53-english/model.safetensors has no tensor "
               "'wav2vec2.encoder.layer_norm.bias'"},
        Defect{"TensorUnused", with_more(kSpeech, "wav2vec2.encoder.gate"),
               "MODEL/wav2vec2-large-xlsr-53-english/model.safetensors has 1 tensor that the model does not "
               "know: 'wav2vec2.encoder.gate'"},
        Defect{"TensorMisshapen", misshapen(kSpeech, "wav2vec2.feature_projection.projection.weight"),
               "tensor 'wav2vec2.feature_projection.projection.weight' of "
               "MODEL/wav2vec2-large-xlsr-53-english/model.safetensors has shape .+, the model needs .+"},
        Defect{"FileTruncated", cut(kSpeech),
               "MODEL/wav2vec2-large-xlsr-53-english/model.safetensors is not a complete safetensors file: "
               "tensor '.+' lies at .+ of .+ bytes of data"},
        Defect{"ConfigNotJson", holding(kSpeechConfig, "]"),
               "MODEL/wav2vec2-large-xlsr-53-english/config.json: it is not a JSON object"},
        Defect{"ConfigKeyMissing", config(kSpeechConfig, [](json& keys) { keys.erase("hidden_size"); }),
               "MODEL/wav2vec2-large-xlsr-53-english/config.json: 'hidden_size' is missing"},
        Defect{"ConfigWrongType", config(kSpeechConfig, [](json& keys) { keys["conv_dim"] = "512"; }),
               "MODEL/wav2vec2-large-xlsr-53-english/config.json: 'conv_dim' is of the wrong type: \"512\""},
        Defect{"ConfigImpossible",
               config(kSpeechConfig, [](json& keys) { keys["num_attention_heads"] = 1009; }),
               "MODEL/wav2vec2-large-xlsr-53-english/config.json: 'hidden_size' .+ must be a multiple of "
               "'num_attention_heads', got 1009"},
        Defect{"ConfigOfNoLayers", config(kSpeechConfig, [](json& keys) { keys["num_hidden_layers"] = -1; }),
               "MODEL/wav2vec2-large-xlsr-53-english/config.json: 'num_hidden_layers' must be at least 1, "
               "got -1"},
        Defect{"ConfigOfAnotherModel",
               config(kSpeechConfig, [](json& keys) { keys["num_hidden_layers"] = 77; }),
               "MODEL/wav2vec2-large-xlsr-53-english/config.json does not go with MODEL/config.json: the "
               "speech encoder's number of hidden states is 78, the transformer takes .+"}),
    name_of_defect);

}  // namespace
}  // namespace longtake
