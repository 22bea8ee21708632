#include "scheduler/checkpoint_content.h"

#include <gmock/gmock.h>

#include <fstream>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

class CheckpointContent : public testing::Test {
 protected:
  CheckpointContent() {
    fs::remove_all(model_);
    write(model_, "config.json", "{}");
    write(model_, "model-00001-of-00002.safetensors", "weights");
    write(model_, "google/umt5-xxl/spiece.model", "words");
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
  for (const char* name :
       {"config.json", "model-00001-of-00002.safetensors", "google/umt5-xxl/spiece.model", "vae.pth"}) {
    write(model_, name, "other");
    EXPECT_TRUE(contents.insert(content_of_checkpoint(model_)).second) << name;
  }
}

TEST_F(CheckpointContent, DoesNotMindWhatLiesBesideTheModel) {
  const std::string before = content_of_checkpoint(model_);
  write(model_, "README.md", "read me");
  write(model_, "assets/logo.png", "a picture");
  write(model_, ".cache/huggingface/download.json", "{}");
  EXPECT_EQ(content_of_checkpoint(model_), before);
}

TEST_F(CheckpointContent, NamesAFolderThatIsMissingOrHoldsNoModel) {
  const auto refusal = [](const fs::path& folder) -> std::string {
    try {
      return content_of_checkpoint(folder);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
      return e.what();
    }
  };
  EXPECT_THAT(refusal(model_ / "nowhere"), testing::HasSubstr("there is no folder"));
  fs::create_directories(model_ / "empty");
  EXPECT_THAT(refusal(model_ / "empty"), testing::HasSubstr("holds no file of a model"));
}

}  // namespace
}  // namespace longtake
