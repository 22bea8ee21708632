#include "jobs/job_files.h"

#include <gmock/gmock.h>

#include "tests/jobs/job_folder.h"

namespace longtake {
namespace {

using ::testing::HasSubstr;

const std::string kInputs = "prompt: A person speaks.\nimage: anchor.png\naudio: speech.mp3\n";

class JobFiles : public JobFolder {
 protected:
  std::vector<JobSpec> load(const std::vector<std::filesystem::path>& files) {
    return load_jobs(files, {}, overrides_, problems_);
  }
  JobOverrides overrides_;
  std::vector<Problem> problems_;
};

TEST_F(JobFiles, AreReadInTheOrderGiven) {
  const auto jobs = load({write("b.yaml", kInputs), write("a.yaml", kInputs)});
  ASSERT_TRUE(problems_.empty()) << shown(problems_);
  ASSERT_EQ(jobs.size(), 2u);
  EXPECT_EQ(jobs[0].name, "b");
  EXPECT_EQ(jobs[1].name, "a");
}

TEST_F(JobFiles, ProblemsOfAllFilesComeTogether) {
  load({write("a.yaml", kInputs + "size: big\n"), folder() / "absent.yaml", folder(),
        write("b.yaml", kInputs + "sise: 1\n")});
  ASSERT_EQ(problems_.size(), 4u) << shown(problems_);
}

TEST_F(JobFiles, MayNotShareANameOrAnOutput) {
  load({write("a.yaml", kInputs + "name: news\noutput: film.mp4\n"),
        write("news.yaml", kInputs + "size: wrong\noutput: ./film.mp4\n")});
  const std::string first = (folder() / "a.yaml").string();
  const std::string text = shown(problems_);
  EXPECT_THAT(text, HasSubstr("news.yaml: name: 'news' is also the name of the job in " + first + ":4"));
  EXPECT_THAT(text, HasSubstr("news.yaml:5: output: "));
  EXPECT_THAT(text, HasSubstr("is also the output of the job in " + first + ":5"));
  EXPECT_EQ(problems_.size(), 3u) << text;
}

TEST_F(JobFiles, AreNamedOnce) {
  const auto file = write("a.yaml", kInputs);
  std::filesystem::create_symlink(file, folder() / "link.yaml");
  const auto jobs = load({file, folder() / "." / "a.yaml", folder() / "link.yaml"});
  EXPECT_EQ(jobs.size(), 1u);
  ASSERT_EQ(problems_.size(), 2u);
  EXPECT_THAT(shown(problems_), HasSubstr("link.yaml: is given twice; name each job file once"));
}

TEST_F(JobFiles, ModelOfTheCommandLineIsJudgedOnce) {
  overrides_.model = folder() / "absent";
  load({write("a.yaml", kInputs), write("b.yaml", kInputs)});
  ASSERT_EQ(problems_.size(), 1u) << shown(problems_);
  EXPECT_THAT(shown(problems_), HasSubstr("--model: there is no folder"));
}

}  // namespace
}  // namespace longtake
