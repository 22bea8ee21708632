#include "jobs/presets.h"

#include <gmock/gmock.h>

#include "tests/jobs/job_folder.h"

namespace longtake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Presets : public JobFolder {
 protected:
  std::vector<Problem> problems_;
};

TEST_F(Presets, ThoseInstalledAreValid) {
  const PresetLibrary library =
      load_presets(std::filesystem::path(LONGTAKE_CONFIGS_DIR) / "presets", problems_);
  ASSERT_TRUE(problems_.empty()) << shown(problems_);
  ASSERT_EQ(library.size(), 3u);
  EXPECT_EQ(library.at("speed").settings.size.text, "384*256");
  EXPECT_EQ(library.at("speed").settings.sample_steps, 3);
  EXPECT_TRUE(library.at("speed").settings.fold_last_step);
  EXPECT_EQ(library.at("speed").settings.enable_online_decode, Toggle::Off);
  EXPECT_EQ(library.at("quality").settings.size.text, "688*368");
  EXPECT_EQ(library.at("quality").settings.enable_online_decode, Toggle::On);
  EXPECT_FALSE(library.at("quality").settings.fold_last_step);
  EXPECT_EQ(library.at("long").settings.continuity, Continuity::Chained);
}

TEST_F(Presets, KnowTheirKeys) {
  write("mine.yaml", "size: 384*256\nnum_clip: 10\n");
  const PresetLibrary library = load_presets(folder(), problems_);
  EXPECT_THAT(library.at("mine").keys, ElementsAre("num_clip", "size"));
}

TEST_F(Presets, MayNotSetWhatBelongsToAJob) {
  write("mine.yaml", "size: 384*256\nprompt: x\n");
  load_presets(folder(), problems_);
  EXPECT_THAT(places(problems_), ElementsAre("2 prompt"));
}

TEST_F(Presets, AreMissedWhenTheFolderIsNotThere) {
  EXPECT_TRUE(load_presets(folder() / "absent", problems_).empty());
  EXPECT_THAT(shown(problems_), HasSubstr("cannot read the presets"));
}

}  // namespace
}  // namespace longtake
