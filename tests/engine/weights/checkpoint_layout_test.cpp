#include "storage/checkpoint_layout.h"

#include <gmock/gmock.h>

#include "rank/engine/weights/weights.h"
#include "storage/safetensors.h"
#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// The published tree with empty files.
std::filesystem::path published() {
  const std::filesystem::path ckpt = empty_folder("ckpt");
  for (const char* name :
       {"config.json", "diffusion_pytorch_model-00001-of-00001.safetensors",
        "diffusion_pytorch_model.safetensors.index.json", "Wan2.1_VAE.pth", "models_t5_umt5-xxl-enc-bf16.pth",
        "google/umt5-xxl/spiece.model", "wav2vec2-large-xlsr-53-english/config.json",
        "wav2vec2-large-xlsr-53-english/pytorch_model.bin"}) {
    write_bytes(ckpt / "Wan2.2-S2V-14B" / name, "");
  }
  write_bytes(ckpt / "LiveAvatar" / "liveavatar.safetensors", "");
  return ckpt;
}

TEST(CheckpointLayout, ThePublishedTreeIsAcceptedAsItIs) {
  const std::filesystem::path ckpt = published();
  const std::filesystem::path root = ckpt / "Wan2.2-S2V-14B";
  for (const std::filesystem::path& model : {ckpt, root}) {
    const CheckpointLayout layout = find_checkpoint(model);
    EXPECT_EQ(layout.transformer_config, root / "config.json");
    EXPECT_EQ(layout.transformer, root / "diffusion_pytorch_model");
    EXPECT_EQ(layout.vae, root / "Wan2.1_VAE.pth");
    EXPECT_EQ(layout.text_encoder, root / "models_t5_umt5-xxl-enc-bf16.pth");
    EXPECT_EQ(layout.tokenizer, root / "google/umt5-xxl/spiece.model");
    EXPECT_EQ(layout.audio_config, root / "wav2vec2-large-xlsr-53-english/config.json");
    EXPECT_EQ(layout.audio_encoder, root / "wav2vec2-large-xlsr-53-english/pytorch_model.bin");
  }
  EXPECT_EQ(find_lora(ckpt), ckpt / "LiveAvatar/liveavatar.safetensors");
  EXPECT_EQ(find_lora(ckpt / "LiveAvatar"), ckpt / "LiveAvatar/liveavatar.safetensors");
}

/// A real file of one tensor, named so that it says which file it is.
void write_tensor_file(const std::filesystem::path& path, const std::string& tensor) {
  std::filesystem::create_directories(path.parent_path());
  write_safetensors(path, {{tensor, {TensorType::F32, {1}, std::string(4, '\0')}}}, {});
}

/// The published tree with a VAE and a text encoder in safetensors; the transformer is still to be added.
std::filesystem::path all_in_safetensors(const std::string& name) {
  const std::filesystem::path root = empty_folder(name) / "Wan2.2-S2V-14B";
  write_bytes(root / "config.json", "{}");
  write_tensor_file(root / "Wan2.1_VAE.safetensors", "of.vae");
  write_tensor_file(root / "models_t5_umt5-xxl-enc-bf16.safetensors", "of.text");
  write_bytes(root / "google/umt5-xxl/spiece.model", "");
  write_bytes(root / "wav2vec2-large-xlsr-53-english/config.json", "{}");
  write_tensor_file(root / "wav2vec2-large-xlsr-53-english/model.safetensors", "of.speech");
  return root;
}

TEST(CheckpointLayout, TheTransformerMayBeOneFileBesideOtherSafetensors) {
  const std::filesystem::path root = all_in_safetensors("one-file");
  write_tensor_file(root / "diffusion_pytorch_model.safetensors", "of.transformer");
  const CheckpointLayout layout = find_checkpoint(root.parent_path());
  EXPECT_THAT(open_weights(layout.transformer, {}).names(), ElementsAre("of.transformer"));
  EXPECT_THAT(open_weights(layout.vae, {}).names(), ElementsAre("of.vae"));
  EXPECT_THAT(open_weights(layout.text_encoder, {}).names(), ElementsAre("of.text"));
  EXPECT_THAT(open_weights(layout.audio_encoder, {}).names(), ElementsAre("of.speech"));
}

TEST(CheckpointLayout, TheTransformerMayBeShardsWithoutIndexBesideOtherSafetensors) {
  const std::filesystem::path root = all_in_safetensors("shards");
  write_tensor_file(root / "diffusion_pytorch_model-00001-of-00002.safetensors", "one");
  write_tensor_file(root / "diffusion_pytorch_model-00002-of-00002.safetensors", "two");
  EXPECT_THAT(open_weights(find_checkpoint(root).transformer, {}).names(), ElementsAre("one", "two"));
}

TEST(CheckpointLayout, TheTransformerMayBeShardsWithAnIndexBesideOtherSafetensors) {
  const std::filesystem::path root = all_in_safetensors("indexed");
  write_tensor_file(root / "diffusion_pytorch_model-00001-of-00001.safetensors", "one");
  write_bytes(root / "diffusion_pytorch_model.safetensors.index.json",
              R"({"weight_map": {"one": "diffusion_pytorch_model-00001-of-00001.safetensors"}})");
  EXPECT_THAT(open_weights(find_checkpoint(root).transformer, {}).names(), ElementsAre("one"));
}

TEST(CheckpointLayout, OneFileAndShardsWithoutIndexLeaveAChoice) {
  const std::filesystem::path root = all_in_safetensors("choice");
  write_tensor_file(root / "diffusion_pytorch_model.safetensors", "whole");
  write_tensor_file(root / "diffusion_pytorch_model-00001-of-00001.safetensors", "one");
  EXPECT_THAT(refusal_of([&] { open_weights(find_checkpoint(root).transformer, {}); }),
              AllOf(HasSubstr((root / "diffusion_pytorch_model*.safetensors").string()),
                    HasSubstr("0 indexes and 2 .safetensors files")));
}

TEST(CheckpointLayout, OtherModelsMayLieBesideThePublishedFolder) {
  const std::filesystem::path ckpt = published();
  write_bytes(ckpt / "LiveAvatar" / "config.json", "{}");
  write_bytes(ckpt / "Wan2.1-T2V-1.3B" / "Wan2.1_VAE.pth", "");
  EXPECT_EQ(find_checkpoint(ckpt).transformer_config, ckpt / "Wan2.2-S2V-14B/config.json");
}

TEST(CheckpointLayout, TheFolderMayHaveAnotherName) {
  const std::filesystem::path ckpt = published();
  std::filesystem::rename(ckpt / "Wan2.2-S2V-14B", ckpt / "my-model");
  EXPECT_EQ(find_checkpoint(ckpt).vae, ckpt / "my-model/Wan2.1_VAE.pth");
  EXPECT_EQ(find_checkpoint(ckpt / "my-model").vae, ckpt / "my-model/Wan2.1_VAE.pth");
}

TEST(CheckpointLayout, SafetensorsArePreferredForTheAudioEncoder) {
  const std::filesystem::path ckpt = published();
  const std::filesystem::path safe = ckpt / "Wan2.2-S2V-14B/wav2vec2-large-xlsr-53-english/model.safetensors";
  write_bytes(safe, "");
  EXPECT_EQ(find_checkpoint(ckpt).audio_encoder, safe);
}

TEST(CheckpointLayout, AllThatIsMissingIsSaidAtOnce) {
  const std::filesystem::path ckpt = published();
  std::filesystem::remove(ckpt / "Wan2.2-S2V-14B/Wan2.1_VAE.pth");
  std::filesystem::remove_all(ckpt / "Wan2.2-S2V-14B/google");
  EXPECT_THAT(refusal_of([&] { find_checkpoint(ckpt); }),
              AllOf(HasSubstr("Wan2.2-S2V-14B"), HasSubstr("Wan2.1_VAE.pth"),
                    HasSubstr("google/umt5-xxl/spiece.model")));
}

class MissingPart : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(MissingPart, IsNamedWithItsFolder) {
  const std::filesystem::path ckpt = published();
  const std::filesystem::path root = ckpt / "Wan2.2-S2V-14B";
  std::filesystem::remove(root / GetParam().first);
  std::filesystem::remove(root / "diffusion_pytorch_model.safetensors.index.json");
  for (const std::filesystem::path& model : {ckpt, root}) {
    EXPECT_EQ(refusal_of([&] { find_checkpoint(model); }),
              "the model " + root.string() + " is not complete; missing: " + GetParam().second);
  }
}

constexpr const char* kAudioModel = "wav2vec2-large-xlsr-53-english/pytorch_model.bin";

INSTANTIATE_TEST_SUITE_P(
    CheckpointLayout, MissingPart,
    testing::Values(std::pair("config.json", "config.json"),
                    std::pair("diffusion_pytorch_model-00001-of-00001.safetensors",
                              "diffusion_pytorch_model*.safetensors"),
                    std::pair("Wan2.1_VAE.pth", "Wan2.1_VAE.pth or Wan2.1_VAE.safetensors"),
                    std::pair("models_t5_umt5-xxl-enc-bf16.pth",
                              "models_t5_umt5-xxl-enc-bf16.pth or models_t5_umt5-xxl-enc-bf16.safetensors"),
                    std::pair("google/umt5-xxl/spiece.model", "google/umt5-xxl/spiece.model"),
                    std::pair("wav2vec2-large-xlsr-53-english/config.json",
                              "wav2vec2-large-xlsr-53-english/config.json"),
                    std::pair(kAudioModel,
                              "wav2vec2-large-xlsr-53-english/model.safetensors or "
                              "wav2vec2-large-xlsr-53-english/pytorch_model.bin")));

TEST(CheckpointLayout, AFolderWithoutAModelIsRefused) {
  const std::filesystem::path folder = empty_folder("empty");
  EXPECT_THAT(refusal_of([&] { find_checkpoint(folder); }),
              AllOf(HasSubstr(folder.string()), HasSubstr("config.json")));
  EXPECT_THAT(refusal_of([&] { find_checkpoint(folder / "none"); }), HasSubstr("none is missing"));
  write_bytes(folder / "file", "");
  EXPECT_THAT(refusal_of([&] { find_checkpoint(folder / "file"); }), HasSubstr("is not a folder"));
  EXPECT_THAT(refusal_of([&] { find_lora(folder); }),
              AllOf(HasSubstr(folder.string()), HasSubstr("liveavatar.safetensors")));
}

}  // namespace
}  // namespace longtake
