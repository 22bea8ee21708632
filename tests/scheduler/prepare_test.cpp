#include "scheduler/prepare.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace longtake {
namespace {

namespace fs = std::filesystem;

class InspectJob : public testing::Test {
 protected:
  InspectJob() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    spec_.name = "film";
    spec_.file = folder_ / "film.yaml";
    spec_.image = write("portrait.png", "no image");
    spec_.audio = write("speech.wav", "");
    spec_.lines = {{"image", 2}, {"audio", 3}};
  }
  ~InspectJob() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }

  fs::path folder_ = fs::temp_directory_path() / ("longtake-prepare-" + std::to_string(::getpid()));
  JobSpec spec_;
  std::vector<Problem> problems_;
};

TEST_F(InspectJob, FindsWhatIsWrongWithImageAndSoundInOneGo) {
  EXPECT_FALSE(inspect_job(spec_, problems_, [](const std::string&, double) {}));
  ASSERT_EQ(problems_.size(), 2U);
  EXPECT_EQ(problems_[0].key, "image");
  EXPECT_EQ(problems_[0].line, 2);
  EXPECT_EQ(problems_[1].key, "audio");
  EXPECT_EQ(problems_[1].line, 3);
}

TEST_F(InspectJob, GivesOneRemedyForEach) {
  inspect_job(spec_, problems_, [](const std::string&, double) {});
  ASSERT_EQ(problems_.size(), 2U);
  for (const Problem& problem : problems_) {
    const std::string line = to_string(problem);
    const std::size_t first = line.find("; give ");
    ASSERT_NE(first, std::string::npos) << line;
    EXPECT_EQ(line.find("; give ", first + 1), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace longtake
