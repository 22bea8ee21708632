#include <gmock/gmock.h>

#include <map>
#include <set>

#include "jobs/job_files.h"
#include "tests/jobs/job_folder.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

/// The bundled job files, read in one pass as `longtake plan configs/examples/*.yaml` does.
class Examples : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path configs = LONGTAKE_CONFIGS_DIR;
    const PresetLibrary presets = load_presets(configs / "presets", problems_);
    for (const auto& entry : fs::directory_iterator(configs / "examples")) {
      if (entry.path().extension() == ".yaml") files_.push_back(entry.path());
    }
    jobs_ = load_jobs(files_, presets, {}, problems_);
  }

  std::vector<Problem> problems_;
  std::vector<fs::path> files_;
  std::vector<JobSpec> jobs_;
};

TEST_F(Examples, AreValidTogether) {
  EXPECT_THAT(problems_, IsEmpty()) << shown(problems_);
  EXPECT_EQ(jobs_.size(), files_.size());
  EXPECT_GE(jobs_.size(), 3u);
}

TEST_F(Examples, RunWithoutADownload) {
  for (const JobSpec& job : jobs_) EXPECT_TRUE(job.model.empty() && job.lora.empty()) << job.file;
}

TEST_F(Examples, AreTalkingFilmsAndSlates) {
  std::map<EngineKind, int> films;
  for (const JobSpec& job : jobs_) ++films[job.engine];
  EXPECT_GE(films[EngineKind::LiveAvatar], 3);
  EXPECT_GE(films[EngineKind::Slate], 3);
}

TEST_F(Examples, OfTheBundledModelLeaveTheSizeToIt) {
  for (const JobSpec& job : jobs_) {
    if (job.engine != EngineKind::LiveAvatar) continue;
    EXPECT_EQ(job.lines.count("size") + job.set_by_preset.count("size"), 0U) << job.file;
  }
}

TEST_F(Examples, AreNamedAfterTheirFiles) {
  for (const JobSpec& job : jobs_) EXPECT_EQ(job.name, job.file.stem().string());
}

TEST_F(Examples, ShowEveryKindOfImageAndTheUsualKindsOfSound) {
  std::set<std::string> kinds;
  for (const JobSpec& job : jobs_) {
    kinds.insert(job.image.extension().string());
    kinds.insert(job.audio.extension().string());
  }
  EXPECT_THAT(kinds, IsSupersetOf({".png", ".jpg", ".webp", ".wav", ".flac", ".mp3"}));
}

TEST_F(Examples, OneOfEachEngineIsCutIntoRanges) {
  std::set<EngineKind> engines;
  for (const JobSpec& job : jobs_) {
    if (job.settings.continuity == Continuity::Parallel) engines.insert(job.engine);
  }
  EXPECT_THAT(engines, SizeIs(2));
}

}  // namespace
}  // namespace longtake
