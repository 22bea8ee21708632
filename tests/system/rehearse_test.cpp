// Rehearsals with real engines and a checkpoint of random weights, on this machine's processors.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/system/support/avatar.h"
#include "tests/system/support/files.h"
#include "tests/system/support/project.h"

namespace longtake {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(Rehearse, TriesAJobAndTellsPeakAndTimeAndWritesNothing) {
  Project project;
  add_avatar_job(project, "talk", "");
  const Ended ended =
      project.longtake({"rehearse", "talk.yaml", "--profile", "cpu", "--ranks", "1", "--json"});
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  EXPECT_THAT(ended.err, AllOf(HasSubstr("everything fits"), HasSubstr("trying 1 of 1: talk: layers 0:4")));
  const json document = json::parse(ended.out);
  EXPECT_TRUE(document.at("fits"));
  ASSERT_THAT(document.at("stages"), SizeIs(1));
  const json& stage = document.at("stages").at(0);
  EXPECT_EQ(stage.at("result"), "measured");
  EXPECT_EQ(stage.at("weights"), "checkpoint");
  EXPECT_EQ(stage.at("device"), "cpu");
  EXPECT_GT(stage.at("peak_bytes"), 0);
  EXPECT_GT(stage.at("step_ms"), 0);
  EXPECT_GT(stage.at("decode_ms"), 0);
  EXPECT_GT(stage.at("encode_seconds"), 0);
  EXPECT_GT(document.at("jobs").at(0).at("frames_per_second"), 0);
  EXPECT_FALSE(std::filesystem::exists(project.folder() / "longtake-work"));
}

TEST(Rehearse, TriesEveryEngineOfAGroup) {
  Project project;
  add_avatar_job(project, "talk", "continuity: chained\n");
  const Ended ended =
      project.longtake({"rehearse", "talk.yaml", "--profile", "cpu", "--ranks", "2", "--json"});
  ASSERT_EQ(ended.exit_code, 0) << ended.out << ended.err;
  const json stages = json::parse(ended.out).at("stages");
  ASSERT_THAT(stages, SizeIs(2));
  EXPECT_EQ(stages.at(0).at("decode_ms"), 0);
  EXPECT_GT(stages.at(1).at("decode_ms"), 0);
}

TEST(Rehearse, OfAProfileWhoseMemoryIsTooLittleEndsWithWhatThePlanSays) {
  Project project;
  add_avatar_job(project, "talk", "");
  std::string profile = read_file(std::filesystem::path(LONGTAKE_SOURCE_DIR) / "configs/profiles/cpu.yaml");
  const std::string ample = "host_bytes_per_slot: 2147483648";
  ASSERT_NE(profile.find(ample), std::string::npos);
  profile.replace(profile.find(ample), ample.size(), "host_bytes_per_slot: 200000000");
  write_file(project.folder() / "small.yaml", profile);
  const Ended ended = project.longtake({"rehearse", "talk.yaml", "--profile", "./small.yaml"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.out, HasSubstr("what cannot run"));
}

TEST(Rehearse, OfGpusThatAreNotThereSaysWhereToDoIt) {
  Project project;
  add_avatar_job(project, "talk", "");
  const Ended ended = project.longtake({"rehearse", "talk.yaml", "--profile", "1x24gb"});
  if (ended.exit_code == 0) GTEST_SKIP() << "there is a GPU here";
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, HasSubstr("profile 1x24gb is rehearsed on one GPU with at least 25.23 GB"));
}

}  // namespace
}  // namespace longtake
