#include "scheduler/cli/configs.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>

#include "scheduler/cli/engines.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A folder with a portrait and a recording by name only: reading a job opens neither.
class Configs : public testing::Test {
 protected:
  Configs() {
    fs::create_directories(folder_);
    for (const char* name : {"face.png", "talk.wav"}) std::ofstream(folder_ / name) << "x";
  }
  ~Configs() override {
    ::unsetenv("LONGTAKE_CONFIGS");
    fs::remove_all(folder_);
  }

  JobSpec read(const std::string& lines) {
    std::ofstream(folder_ / "job.yaml") << "prompt: x\nimage: face.png\naudio: talk.wav\n" << lines;
    CliOptions options;
    options.jobs = {folder_ / "job.yaml"};
    return load_jobs_of(options).at(0);
  }

  fs::path folder_ = temp_path("configs");
};

TEST_F(Configs, AJobWithoutAModelHasTheBundledOneAtItsSize) {
  const JobSpec job = read("");
  EXPECT_EQ(job.engine, EngineKind::LiveAvatar);
  EXPECT_EQ(job.model, fs::path(LONGTAKE_CONFIGS_DIR) / "models/tiny");
  EXPECT_EQ(job.settings.size.text, "128*128");
}

TEST_F(Configs, AJobKeepsTheModelAndTheSizeThatItNames) {
  EXPECT_EQ(read("size: 256*256\n").settings.size.text, "256*256");
  EXPECT_EQ(read("preset: quality\n").settings.size.text, "688*368");
  fs::create_directories(folder_ / "ckpt");
  const JobSpec job = read("model: ckpt\n");
  EXPECT_EQ(job.model, folder_ / "ckpt");
  EXPECT_EQ(job.settings.size.text, "704*384");
}

TEST_F(Configs, ASlateHasNoModel) {
  const JobSpec job = read("engine: slate\n");
  EXPECT_TRUE(job.model.empty());
  EXPECT_EQ(job.settings.size.text, "704*384");
}

TEST_F(Configs, AWrongTrainedSizeIsAProblemOfTheModelsLine) {
  fs::create_directories(folder_ / "ckpt");
  std::ofstream(folder_ / "ckpt/config.json") << R"({"trained_size": "1*1"})";
  try {
    read("model: ckpt\n");
    FAIL() << "it was taken";
  } catch (const ProblemsFound& found) {
    ASSERT_THAT(found.problems, SizeIs(1));
    EXPECT_EQ(found.problems[0].key, "model");
    EXPECT_EQ(found.problems[0].line, 4);
    EXPECT_THAT(found.problems[0].message, HasSubstr("trained_size"));
  }
}

TEST_F(Configs, WithoutTheBundledModelOneIsAskedFor) {
  fs::create_directories(folder_ / "presets");
  ::setenv("LONGTAKE_CONFIGS", folder_.c_str(), 1);
  EXPECT_EQ(bundled_model(), std::nullopt);
  const JobSpec job = read("");
  try {
    require_models({job});
    FAIL() << "it was taken";
  } catch (const ProblemsFound& found) {
    ASSERT_THAT(found.problems, SizeIs(1));
    EXPECT_THAT(found.problems[0].message, HasSubstr("not installed in " + folder_.string()));
    EXPECT_THAT(found.problems[0].remedy, HasSubstr("--model FOLDER"));
  }
}

}  // namespace
}  // namespace longtake
