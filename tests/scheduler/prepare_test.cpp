#include "scheduler/prepare.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "tests/storage/media/media_files.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  return names;
}

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

/// Real inputs, and starts that are in the same new work directory at the same time.
class PrepareJobs : public InspectJob {
 protected:
  PrepareJobs() : work_dir_(folder_ / "work") {
    constexpr FrameSize kSquare{64, 64};
    write_png(spec_.image, RgbImage{kSquare, std::vector<std::uint8_t>(3 * 64 * 64, 128)});
    test::write_wav(spec_.audio, test::sine(1, 16000), 16000);
    test::write_wav(folder_ / "torn.wav", test::sine(4, 16000), 16000);
    test::truncate_to(folder_ / "torn.wav", 0.5);
  }

  JobSpec job(const std::string& name, const std::string& audio = "speech.wav") const {
    JobSpec spec = spec_;
    spec.name = name;
    spec.engine = EngineKind::Slate;
    spec.audio = folder_ / audio;
    return spec;
  }

  /// The problems' keys. `meanwhile` happens while the first recording is read.
  std::vector<std::string> prepare(const std::vector<JobSpec>& specs,
                                   std::function<void()> meanwhile = nullptr) const {
    std::vector<Problem> problems;
    prepare_jobs(specs, work_dir_, DeviceKind::Cpu, problems, [&](const std::string&, double) {
      if (auto once = std::exchange(meanwhile, nullptr)) once();
    });
    std::vector<std::string> keys;
    for (const Problem& problem : problems) keys.push_back(problem.key);
    return keys;
  }

  bool is_ready(const std::string& name) const {
    return fs::exists(work_dir_.prepared(name)) && fs::exists(work_dir_.reference_image(name)) &&
           fs::file_size(work_dir_.speech(name)) == 16000 * sizeof(float);
  }

  WorkDir work_dir_;
};

TEST_F(PrepareJobs, PutsWhatItReadWhereEnginesLook) {
  EXPECT_THAT(prepare({job("a"), job("b")}), IsEmpty());
  EXPECT_TRUE(is_ready("a"));
  EXPECT_TRUE(is_ready("b"));
  EXPECT_TRUE(fs::is_directory(work_dir_.segments("a")));
  EXPECT_THAT(names_in(work_dir_.root()), ElementsAre("jobs"));
}

TEST_F(PrepareJobs, LeavesNothingBehindWhenARecordingIsTorn) {
  EXPECT_THAT(prepare({job("a"), job("b", "torn.wav")}), ElementsAre("audio"));
  EXPECT_FALSE(fs::exists(work_dir_.root()));
}

TEST_F(PrepareJobs, AStartThatFailsLeavesAnotherOnesJobsAlone) {
  EXPECT_THAT(prepare({job("a", "torn.wav")}, [&] { EXPECT_THAT(prepare({job("b")}), IsEmpty()); }),
              ElementsAre("audio"));
  EXPECT_TRUE(is_ready("b"));
  EXPECT_THAT(names_in(work_dir_.root()), ElementsAre("jobs"));
}

TEST_F(PrepareJobs, AStartThatFailsLeavesTheSameJobOfAnotherOneAlone) {
  const auto other = [&] { EXPECT_THAT(prepare({job("a")}), IsEmpty()); };
  EXPECT_THAT(prepare({job("a"), job("b", "torn.wav")}, other), ElementsAre("audio"));
  EXPECT_TRUE(is_ready("a"));
}

TEST_F(PrepareJobs, TwoStartsThatReadTheSameJobBothHaveIt) {
  EXPECT_THAT(prepare({job("a")}, [&] { EXPECT_THAT(prepare({job("a")}), IsEmpty()); }), IsEmpty());
  EXPECT_TRUE(is_ready("a"));
}

TEST_F(PrepareJobs, OfTwoStartsThatMeanOtherJobsByANameTheSecondIsRefused) {
  JobSpec other = job("a");
  other.prompt = "Something else.";
  EXPECT_THAT(prepare({job("a")}, [&] { EXPECT_THAT(prepare({other}), IsEmpty()); }), ElementsAre("name"));
  EXPECT_TRUE(is_ready("a"));
}

TEST_F(PrepareJobs, AWorkDirectoryThatMessagesCannotNameIsRefused) {
  work_dir_ = WorkDir(folder_ / "work-\xff");
  try {
    prepare({job("a")});
    FAIL() << "nothing was thrown";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), testing::HasSubstr("is not UTF-8; give another one with --work-dir"));
  }
  EXPECT_FALSE(fs::exists(work_dir_.root()));
}

TEST_F(PrepareJobs, AModelThatMessagesCannotNameIsRefused) {
  JobSpec spec = job("a");
  spec.engine = EngineKind::LiveAvatar;
  spec.model = folder_ / "model-\xff";
  std::vector<Problem> problems;
  prepare_jobs({spec}, work_dir_, DeviceKind::Cpu, problems, [](const std::string&, double) {});
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].key, "model");
  EXPECT_THAT(to_string(problems[0]), testing::HasSubstr("is not UTF-8; give it another name"));
}

}  // namespace
}  // namespace longtake
