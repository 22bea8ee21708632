#include "scheduler/checkpoint_content.h"

#include <gmock/gmock.h>

#include <fstream>
#include <set>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {"config.json",
                                  "diffusion_pytorch_model-00001-of-00001.safetensors",
                                  "diffusion_pytorch_model.safetensors.index.json",
                                  "Wan2.1_VAE.pth",
                                  "models_t5_umt5-xxl-enc-bf16.pth",
                                  "google/umt5-xxl/spiece.model",
                                  "wav2vec2-large-xlsr-53-english/config.json",
                                  "wav2vec2-large-xlsr-53-english/model.safetensors"};

class CheckpointContent : public testing::Test {
 protected:
  CheckpointContent() {
    fs::remove_all(model_);
    for (const char* name : kFiles) write(model_, name, "weights");
  }
  ~CheckpointContent() override { fs::remove_all(model_); }

  static void write(const fs::path& folder, const std::string& name, const std::string& bytes) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << bytes;
  }

  fs::path model_ = temp_path("model");
};

TEST_F(CheckpointContent, IsTheSameInAnotherFolder) {
  const fs::path copy = temp_path("copy");
  fs::copy(model_, copy, fs::copy_options::recursive);
  EXPECT_EQ(content_of_checkpoint(copy), content_of_checkpoint(model_));
  fs::remove_all(copy);
}

TEST_F(CheckpointContent, ChangesWithEveryFileOfTheModel) {
  std::set<std::string> contents = {content_of_checkpoint(model_)};
  for (const char* name : kFiles) {
    write(model_, name, "other");
    EXPECT_TRUE(contents.insert(content_of_checkpoint(model_)).second) << name;
  }
}

TEST_F(CheckpointContent, DoesNotMindWhatLiesBesideTheModel) {
  const std::string before = content_of_checkpoint(model_);
  write(model_, "README.md", "read me");
  write(model_, "assets/logo.png", "a picture");
  write(model_, ".cache/huggingface/download.json", "{}");
  write(model_, "wav2vec2-large-xlsr-53-english/pytorch_model.bin", "not read beside model.safetensors");
  EXPECT_EQ(content_of_checkpoint(model_), before);
}

TEST_F(CheckpointContent, DoesNotDependOnWhichOfTheNestedFoldersIsGiven) {
  const fs::path outer = temp_path("outer");
  fs::create_directories(outer);
  fs::copy(model_, outer / "Wan2.2-S2V-14B", fs::copy_options::recursive);
  EXPECT_EQ(content_of_checkpoint(outer), content_of_checkpoint(model_));
  fs::remove_all(outer);
}

TEST_F(CheckpointContent, OfAnAdaptationChangesWithItsFileAndItsConfig) {
  write(model_, "lora/liveavatar.safetensors", "weights");
  std::set<std::string> contents = {content_of_lora(model_ / "lora")};
  write(model_, "lora/adapter_config.json", R"({"lora_alpha": 8})");
  EXPECT_TRUE(contents.insert(content_of_lora(model_ / "lora")).second);
  write(model_, "lora/adapter_config.json", R"({"lora_alpha": 16})");
  EXPECT_TRUE(contents.insert(content_of_lora(model_ / "lora/liveavatar.safetensors")).second);
  write(model_, "lora/liveavatar.safetensors", "other");
  EXPECT_TRUE(contents.insert(content_of_lora(model_ / "lora")).second);
}

TEST_F(CheckpointContent, OfOneThatIsNotCompleteIsRefused) {
  fs::remove(model_ / "Wan2.1_VAE.pth");
  try {
    content_of_checkpoint(model_);
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), testing::HasSubstr("Wan2.1_VAE.pth"));
  }
}

}  // namespace
}  // namespace longtake
