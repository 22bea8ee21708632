#include "scheduler/trained_size.h"

#include <gmock/gmock.h>

#include <fstream>

#include "jobs/error.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class TrainedSize : public testing::Test {
 protected:
  TrainedSize() {
    fs::remove_all(model_);
    job_.engine = EngineKind::LiveAvatar;
    job_.model = model_;
  }

  void write_config(const std::string& text, const fs::path& folder = "") const {
    fs::create_directories(model_ / folder);
    std::ofstream(model_ / folder / "config.json") << text;
  }

  fs::path model_ = temp_path("model");
  JobSpec job_;
};

TEST_F(TrainedSize, IsReadWhereTheCheckpointNamesIt) {
  EXPECT_FALSE(trained_size_of(model_)) << "no folder";
  write_config(R"({"dim": 5120})");
  EXPECT_FALSE(trained_size_of(model_)) << "a published checkpoint";
  write_config(R"({"trained_size": "128*192"})");
  ASSERT_TRUE(trained_size_of(model_));
  EXPECT_EQ(trained_size_of(model_)->text, "128*192");
  EXPECT_EQ(trained_size_of(model_)->area, 128 * 192);
}

TEST_F(TrainedSize, IsReadInTheFolderOfThePublishedName) {
  write_config(R"({"trained_size": "128*128"})", "Wan2.2-S2V-14B");
  EXPECT_TRUE(trained_size_of(model_));
}

TEST_F(TrainedSize, ThatIsNoneIsRefusedByFileAndValue) {
  for (const std::string value : {"128", "\"128\"", "\"32*32\"", "[128, 128]"}) {
    write_config(R"({"trained_size": )" + value + "}");
    try {
      trained_size_of(model_);
      ADD_FAILURE() << value;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
      EXPECT_THAT(e.what(), AllOf(HasSubstr((model_ / "config.json").string()), HasSubstr("trained_size")));
    }
  }
}

TEST_F(TrainedSize, IsTakenByAJobThatSaysNone) {
  write_config(R"({"trained_size": "128*128"})");
  take_trained_size(job_);
  EXPECT_EQ(job_.settings.size.text, "128*128");
  EXPECT_EQ(job_.settings.size.area, 128 * 128);
  EXPECT_FALSE(advice_on_size(job_));
}

TEST_F(TrainedSize, LeavesTheSizeOfAJobFileOrPresetAndAdvises) {
  write_config(R"({"trained_size": "128*128"})");
  JobSpec written = job_;
  written.lines["size"] = 3;
  JobSpec preset = job_;
  preset.set_by_preset = {"size"};
  for (JobSpec& job : {std::ref(written), std::ref(preset)}) {
    take_trained_size(job);
    EXPECT_EQ(job.settings.size.text, "704*384");
    ASSERT_TRUE(advice_on_size(job));
    EXPECT_THAT(*advice_on_size(job), AllOf(HasSubstr("704*384"), HasSubstr("write size: 128*128")));
  }
}

TEST_F(TrainedSize, MeansTheArea) {
  write_config(R"({"trained_size": "256*128"})");
  job_.settings.size = *size_limit_from("128*256");
  EXPECT_FALSE(advice_on_size(job_));
}

TEST_F(TrainedSize, IsNothingToASlate) {
  write_config(R"({"trained_size": "128*128"})");
  job_.engine = EngineKind::Slate;
  take_trained_size(job_);
  EXPECT_EQ(job_.settings.size.text, "704*384");
  EXPECT_FALSE(advice_on_size(job_));
}

TEST_F(TrainedSize, OfAPublishedCheckpointIsTheDefault) {
  write_config(R"({"dim": 5120})");
  take_trained_size(job_);
  EXPECT_EQ(job_.settings.size.text, "704*384");
  EXPECT_FALSE(advice_on_size(job_));
}

}  // namespace
}  // namespace longtake
