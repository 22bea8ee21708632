#include "rank/engine/weights/checkpoint_layout.h"

#include <gmock/gmock.h>

#include "tests/engine/weights/refusal.h"

namespace longtake {
namespace {

using testing::AllOf;
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
    EXPECT_EQ(layout.transformer, root);
    EXPECT_EQ(layout.vae, root / "Wan2.1_VAE.pth");
    EXPECT_EQ(layout.text_encoder, root / "models_t5_umt5-xxl-enc-bf16.pth");
    EXPECT_EQ(layout.tokenizer, root / "google/umt5-xxl/spiece.model");
    EXPECT_EQ(layout.audio_config, root / "wav2vec2-large-xlsr-53-english/config.json");
    EXPECT_EQ(layout.audio_encoder, root / "wav2vec2-large-xlsr-53-english/pytorch_model.bin");
  }
  EXPECT_EQ(find_lora(ckpt), ckpt / "LiveAvatar/liveavatar.safetensors");
  EXPECT_EQ(find_lora(ckpt / "LiveAvatar"), ckpt / "LiveAvatar/liveavatar.safetensors");
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

TEST(CheckpointLayout, AFolderWithoutAModelIsRefused) {
  const std::filesystem::path folder = empty_folder("empty");
  EXPECT_THAT(refusal_of([&] { find_checkpoint(folder); }),
              AllOf(HasSubstr(folder.string()), HasSubstr("config.json")));
  EXPECT_THAT(refusal_of([&] { find_checkpoint(folder / "none"); }), HasSubstr("is not a folder"));
  EXPECT_THAT(refusal_of([&] { find_lora(folder); }),
              AllOf(HasSubstr(folder.string()), HasSubstr("liveavatar.safetensors")));
}

}  // namespace
}  // namespace longtake
