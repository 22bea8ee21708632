#include "jobs/job_spec.h"

#include <gmock/gmock.h>

#include "tests/jobs/job_folder.h"

namespace longtake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kInputs = "prompt: A person speaks.\nimage: anchor.png\naudio: speech.mp3\n";

class JobSpecFile : public JobFolder {
 protected:
  JobSpecFile() {
    Preset speed;
    speed.settings.size = *size_limit_from("384*256");
    speed.settings.sample_steps = 3;
    speed.keys = {"size", "sample_steps"};
    presets_["speed"] = speed;
    presets_["quality"] = {};
  }

  std::optional<JobSpec> parse(const std::string& text, const std::string& file = "news.yaml") {
    problems_.clear();
    return parse_job(write(file, text), presets_, overrides_, problems_);
  }
  /// The problems of a job whose inputs are in lines 1 to 3 and `more` from line 4 on.
  std::string problems_with(const std::string& more) {
    parse(kInputs + more);
    return shown(problems_);
  }

  PresetLibrary presets_;
  JobOverrides overrides_;
  std::vector<Problem> problems_;
};

TEST_F(JobSpecFile, HasDefaultsForAllButItsInputs) {
  const auto job = parse(kInputs);
  ASSERT_TRUE(job && problems_.empty()) << shown(problems_);
  EXPECT_EQ(job->name, "news");
  EXPECT_EQ(job->prompt, "A person speaks.");
  EXPECT_EQ(job->image, folder() / "anchor.png");
  EXPECT_EQ(job->audio, folder() / "speech.mp3");
  EXPECT_EQ(job->engine, EngineKind::LiveAvatar);
  EXPECT_EQ(job->settings.size.text, "704*384");
  EXPECT_EQ(job->settings.sample_steps, 4);
  EXPECT_EQ(job->settings.base_seed, 420);
  EXPECT_TRUE(job->model.empty());
  EXPECT_TRUE(job->output.empty());
}

TEST_F(JobSpecFile, ResolvesPathsAgainstItsFolder) {
  std::filesystem::create_directories(folder() / "ckpt/LiveAvatar");
  std::filesystem::create_directories(folder() / "jobs");
  write("ckpt/LiveAvatar/lora.safetensors", "");
  const auto job = parse(
      "prompt: A person speaks.\nimage: ../anchor.png\naudio: ../speech.mp3\nmodel: ../ckpt/\n"
      "lora: ../ckpt/LiveAvatar/lora.safetensors\noutput: films/news.mp4\n",
      "jobs/news.yaml");
  ASSERT_TRUE(job && problems_.empty()) << shown(problems_);
  EXPECT_EQ(job->image, folder() / "anchor.png");
  EXPECT_EQ(job->model, folder() / "ckpt/");
  EXPECT_EQ(job->lora, folder() / "ckpt/LiveAvatar/lora.safetensors");
  EXPECT_EQ(job->output, folder() / "jobs/films/news.mp4");
}

TEST_F(JobSpecFile, TenMistakesAreTenProblemsInTheOrderOfTheLines) {
  parse(
      "name: a/b\n"
      "prompt: \"  \"\n"
      "image: ancor.png\n"
      "audio: .\n"
      "size: large\n"
      "sample_steps: \"four\"\n"
      "infer_frames: 50\n"
      "preset: fast\n"
      "enginee: slate\n"
      "output: film.avi\n");
  EXPECT_THAT(places(problems_),
              ElementsAre("1 name", "2 prompt", "3 image", "4 audio", "5 size", "6 sample_steps",
                          "7 infer_frames", "8 preset", "9 enginee", "10 output"))
      << shown(problems_);
  for (const Problem& problem : problems_) EXPECT_NE(problem.remedy, "") << to_string(problem);
}

TEST_F(JobSpecFile, MissingInputsAreAllNamed) {
  parse("size: 704*384\n");
  EXPECT_THAT(places(problems_), ElementsAre("0 prompt", "0 image", "0 audio"));
}

TEST_F(JobSpecFile, SuggestsTheFileThatWasMeant) {
  parse("prompt: A person speaks.\nimage: Ancor.png\naudio: sound/speech.mp3\n");
  EXPECT_THAT(shown(problems_), HasSubstr(":2: image: there is no file " + (folder() / "Ancor.png").string() +
                                          "; did you mean 'anchor.png'?"));
  EXPECT_THAT(shown(problems_), HasSubstr("there is no folder " + (folder() / "sound").string()));
}

class JobName : public JobSpecFile, public ::testing::WithParamInterface<const char*> {};

TEST_P(JobName, WithPathTricksIsRefused) {
  const auto job = parse(kInputs + "name: \"" + GetParam() + "\"\n");
  EXPECT_THAT(places(problems_), ElementsAre("4 name")) << shown(problems_);
  EXPECT_EQ(job->name, "");
}

INSTANTIATE_TEST_SUITE_P(
    Names, JobName,
    ::testing::Values("..", ".", "../x", "a/b", "/etc", ".hidden", "a b", "a\\nb", "", "é", "a:b", "a\\\\b",
                      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                      "xxxxxxxxxxxxxxxxxxxxxxxxxxxx"));

TEST_F(JobSpecFile, TakesNamesOfLettersDigitsAndDots) {
  EXPECT_EQ(parse(kInputs + "name: Morning_news-2.b\n")->name, "Morning_news-2.b");
  EXPECT_EQ(parse(kInputs + "name: 2024\n")->name, "2024");
  EXPECT_TRUE(problems_.empty()) << shown(problems_);
}

TEST_F(JobSpecFile, WantsANameWhenTheFilesNameIsNone) {
  parse(kInputs, "morning news.yaml");
  ASSERT_THAT(places(problems_), ElementsAre("0 name"));
  EXPECT_EQ(problems_[0].remedy, "write for example 'name: morning-news'");
}

TEST_F(JobSpecFile, PresetSetsWhatTheJobDoesNot) {
  const auto job = parse(kInputs + "preset: speed\nsample_steps: 5\n");
  ASSERT_TRUE(problems_.empty()) << shown(problems_);
  EXPECT_EQ(job->settings.size.text, "384*256");
  EXPECT_EQ(job->settings.sample_steps, 5);
  EXPECT_THAT(job->set_by_preset, ElementsAre("size"));
  EXPECT_EQ(job->lines.at("sample_steps"), 5);
}

TEST_F(JobSpecFile, UnknownPresetListsThoseThatExist) {
  EXPECT_THAT(problems_with("preset: fast\n"),
              HasSubstr("there is no preset 'fast'; write quality or speed"));
}

TEST_F(JobSpecFile, ModelMustExistUnlessTheEngineHasNone) {
  EXPECT_THAT(problems_with("model: ckpt\nlora: x.safetensors\n"),
              HasSubstr(":4: model: there is no folder"));
  EXPECT_EQ(problems_.size(), 2u);
  EXPECT_EQ(problems_with("engine: slate\nmodel: ckpt\nlora: x.safetensors\n"), "");
  overrides_.engine = EngineKind::Slate;
  EXPECT_EQ(problems_with("model: ckpt\n"), "");
}

TEST_F(JobSpecFile, CommandLineOutranksTheFile) {
  overrides_ = {EngineKind::Slate, folder() / "other"};
  const auto job = parse(kInputs + "engine: liveavatar\nmodel: absent\n");
  ASSERT_TRUE(problems_.empty()) << shown(problems_);
  EXPECT_EQ(job->engine, EngineKind::Slate);
  EXPECT_EQ(job->model, folder() / "other");
}

TEST_F(JobSpecFile, OutputMayNotHurtAnything) {
  write("self.mp4", "a recording");
  std::filesystem::create_directory(folder() / "films.mp4");
  EXPECT_THAT(problems_with("output: films.mp4\n"), HasSubstr(":4: output:"));
  EXPECT_THAT(problems_with("output: film\n"), HasSubstr("must end in .mp4"));
  parse("prompt: A person speaks.\nimage: anchor.png\naudio: self.mp4\noutput: ./self.mp4\n");
  EXPECT_THAT(shown(problems_), HasSubstr("would overwrite the job's own input"));
}

TEST_F(JobSpecFile, PriorityHasBounds) {
  EXPECT_EQ(parse(kInputs + "priority: -1000\n")->priority, -1000);
  EXPECT_THAT(problems_with("priority: 1001\n"), HasSubstr("priority: must be a whole number"));
}

TEST_F(JobSpecFile, FolderAsAJobIsAProblem) {
  EXPECT_FALSE(parse_job(folder(), presets_, overrides_, problems_));
  EXPECT_THAT(shown(problems_), HasSubstr("is a folder; name the YAML files in it"));
}

TEST_F(JobSpecFile, LaterFindingsKeepTheLine) {
  const auto job = parse(kInputs);
  EXPECT_EQ(to_string(problem_of(*job, "image", "is not an image", "give a PNG")),
            (folder() / "news.yaml").string() + ":2: image: is not an image; give a PNG");
}

}  // namespace
}  // namespace longtake
