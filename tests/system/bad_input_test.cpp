// What a person may get wrong: each refused in a clear line with exit code 2, and nothing is written.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/system/support/files.h"
#include "tests/system/support/project.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr int kUserMustChange = 2;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// Encodes `input` of ffmpeg's lavfi into `file`, with `options`.
void make_media(const std::filesystem::path& file, const std::string& input,
                const std::vector<std::string>& options) {
  std::vector<std::string> command = {"ffmpeg", "-v", "error", "-f", "lavfi", "-i", input};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back(file.string());
  output_of(command);
}

/// A project with one good job `talk`, whose input files a test spoils.
class BadInput : public ::testing::Test {
 protected:
  BadInput() { project_.add_job("talk", Recording().tone(4)); }

  void add_job_of(const std::string& name, const std::string& image, const std::string& audio) {
    project_.add_job_file(name, "prompt: A person speaks.\nimage: " + image + "\naudio: " + audio +
                                    "\nengine: slate\nsize: 128*128\n");
  }

  /// Refused with exit code 2 and one line on standard error that tells file, line, key and `what`.
  void expect_refused(const std::string& job, const std::string& key, const std::string& what) {
    const Ended ended = project_.run({job}, {"--ranks", "2"});
    EXPECT_EQ(ended.exit_code, kUserMustChange) << ended.err;
    EXPECT_THAT(ended.err, AllOf(HasSubstr(job + ".yaml:"), HasSubstr(key), HasSubstr(what)));
    EXPECT_THAT(lines_of(ended.err), SizeIs(1)) << ended.err;
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(project_.work_dir()))
        << ::testing::PrintToString(tree_of(project_.work_dir()));
  }

  Project project_;
};

TEST_F(BadInput, MissingFilesAreNamed) {
  add_job_of("no-image", "nobody.png", "talk.wav");
  expect_refused("no-image", "image", "nobody.png");
  add_job_of("no-audio", "face.png", "silence.wav");
  expect_refused("no-audio", "audio", "silence.wav");
}

TEST_F(BadInput, EmptyFilesAreNamed) {
  write_file(project_.file("empty.png"), "");
  write_file(project_.file("empty.wav"), "");
  add_job_of("empty-image", "empty.png", "talk.wav");
  expect_refused("empty-image", "image", "empty.png");
  add_job_of("empty-audio", "face.png", "empty.wav");
  expect_refused("empty-audio", "audio", "empty.wav");
}

TEST_F(BadInput, FilesThatAreNoMediaAreNamed) {
  write_file(project_.file("notes.png"), "These are notes, not a picture.\n");
  write_file(project_.file("notes.mp3"), "These are notes, not a recording.\n");
  add_job_of("text-image", "notes.png", "talk.wav");
  expect_refused("text-image", "image", "notes.png");
  add_job_of("text-audio", "face.png", "notes.mp3");
  expect_refused("text-audio", "audio", "notes.mp3");
}

TEST_F(BadInput, ARecordingWithoutSoundIsNamed) {
  make_media(project_.file("mute.mp4"), "testsrc2=size=64x64:duration=1", {"-c:v", "libx264"});
  add_job_of("mute", "face.png", "mute.mp4");
  expect_refused("mute", "audio", "mute.mp4");
  write_file(project_.file("nothing.wav"), Recording().wav());
  add_job_of("nothing", "face.png", "nothing.wav");
  expect_refused("nothing", "audio", "nothing.wav");
}

TEST_F(BadInput, TruncatedRecordingsAreNotTakenForShortOnes) {
  make_media(project_.file("whole.mp3"), "sine=duration=8", {});
  make_media(project_.file("whole.m4a"), "sine=duration=8", {});
  write_file(project_.file("whole.wav"), Recording().tone(8).wav());
  for (const std::string ending : {"wav", "mp3", "m4a"}) {
    const std::string name = "cut-" + ending;
    const std::string bytes = read_file(project_.file("whole." + ending));
    write_file(project_.file(name + "." + ending), bytes.substr(0, bytes.size() * 6 / 10));
    add_job_of(name, "face.png", name + "." + ending);
    expect_refused(name, "audio", name + "." + ending);
  }
}

TEST_F(BadInput, TruncatedImagesAreNamed) {
  make_media(project_.file("whole.png"), "testsrc2=size=256x256", {"-frames:v", "1"});
  make_media(project_.file("whole.jpg"), "testsrc2=size=256x256", {"-frames:v", "1"});
  for (const std::string ending : {"png", "jpg"}) {
    const std::string name = "cut-" + ending;
    const std::string bytes = read_file(project_.file("whole." + ending));
    write_file(project_.file(name + "." + ending), bytes.substr(0, bytes.size() / 2));
    add_job_of(name, name + "." + ending, "talk.wav");
    expect_refused(name, "image", name + "." + ending);
  }
}

TEST_F(BadInput, AllProblemsOfAllFilesAreToldInOneGo) {
  write_file(project_.file("empty.png"), "");
  write_file(project_.file("notes.mp3"), "notes\n");
  add_job_of("first", "nobody.png", "talk.wav");
  add_job_of("second", "face.png", "silence.wav");
  project_.add_job_file("third",
                        "prompt: x\nimage: face.png\naudio: talk.wav\nengine: slate\nsise: 128*128\n");
  const Ended named = project_.run({"first", "second", "third"});
  EXPECT_EQ(named.exit_code, kUserMustChange);
  EXPECT_THAT(named.err, AllOf(HasSubstr("nobody.png"), HasSubstr("silence.wav"), HasSubstr("sise")));

  add_job_of("fourth", "empty.png", "talk.wav");
  add_job_of("fifth", "face.png", "notes.mp3");
  const Ended read = project_.run({"talk", "fourth", "fifth"});
  EXPECT_EQ(read.exit_code, kUserMustChange);
  EXPECT_THAT(read.err, AllOf(HasSubstr("empty.png"), HasSubstr("notes.mp3")));
  EXPECT_FALSE(std::filesystem::exists(project_.work_dir()));
}

TEST_F(BadInput, UnknownKeysAndImpossibleValuesAreToldWithTheirLine) {
  project_.add_job_file("keys",
                        "prompt: x\nimage: face.png\naudio: talk.wav\nengine: slate\nsise: 128*128\n");
  expect_refused("keys", "keys.yaml:5", "size");
  project_.add_job_file("values",
                        "prompt: x\nimage: face.png\naudio: talk.wav\nengine: slate\nsegment_clips: 0\n");
  expect_refused("values", "values.yaml:5", "segment_clips");
}

TEST_F(BadInput, TwoJobsOfOneNameAreRefused) {
  project_.add_job("other", Recording().tone(3), "name: talk\n");
  const Ended ended = project_.run({"talk", "other"});
  EXPECT_EQ(ended.exit_code, kUserMustChange);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("talk"), HasSubstr("other.yaml")));
  EXPECT_FALSE(std::filesystem::exists(project_.work_dir()));
}

TEST_F(BadInput, NamesThatWouldLeaveTheWorkDirectoryAreRefused) {
  for (const std::string name : {"../outside", "/tmp/outside", "..", ".", "a/b", "''"}) {
    SCOPED_TRACE(name);
    project_.add_job("tricky", Recording().tone(1), "name: " + name + "\n");
    expect_refused("tricky", "tricky.yaml:6", "name");
  }
  EXPECT_FALSE(std::filesystem::exists(project_.file("outside")));
}

TEST_F(BadInput, AFileThatIsNoYamlIsNamed) {
  project_.add_job_file("broken", "prompt: [unclosed\nimage: face.png\n");
  expect_refused("broken", "broken.yaml:", "");
  project_.add_job_file("text", "just a sentence\n");
  expect_refused("text", "text.yaml:", "");
  const Ended ended = project_.longtake({"run", "absent.yaml"});
  EXPECT_EQ(ended.exit_code, kUserMustChange);
  EXPECT_THAT(ended.err, HasSubstr("absent.yaml"));
}

TEST_F(BadInput, AnImageOfOnePixelAndAHundredthOfASecondMakeAFilm) {
  make_media(project_.file("dot.png"), "testsrc2=size=64x64,scale=1:1", {"-frames:v", "1"});
  write_file(project_.file("blip.wav"), Recording().tone(0.01).wav());
  add_job_of("tiny", "dot.png", "blip.wav");
  const Ended ended = project_.run({"tiny"}, {"--ranks", "1"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("1 frames"));
}

TEST_F(BadInput, WrongCommandLinesGetTheUsage) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"run"},

                                                       {"run", "talk.yaml", "--speed"},
                                                       {"run", "talk.yaml", "--ranks", "0"},
                                                       {"run", "talk.yaml", "--ranks", "many"},
                                                       {"run", "talk.yaml", "--engine", "steam"},
                                                       {"explain"},
                                                       {"redo", "talk"}};
  for (const auto& arguments : wrong) {
    SCOPED_TRACE(::testing::PrintToString(arguments));
    const Ended ended = project_.longtake(arguments);
    EXPECT_EQ(ended.exit_code, kUserMustChange);
    EXPECT_THAT(ended.err, HasSubstr("--help"));
    EXPECT_THAT(ended.out, IsEmpty());
  }
  EXPECT_FALSE(std::filesystem::exists(project_.file("longtake-work")));
}

TEST_F(BadInput, AMistypedCommandIsTold) {
  const Ended ended = project_.longtake({"ruin", "talk.yaml"});
  EXPECT_EQ(ended.exit_code, kUserMustChange);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("ruin"), HasSubstr("run")));
  EXPECT_THAT(lines_of(ended.err), SizeIs(1));
}

TEST_F(BadInput, UnknownProfilesAreRefused) {
  const Ended profile = project_.run({"talk"}, {"--profile", "3x7gb"});
  EXPECT_EQ(profile.exit_code, kUserMustChange);
  EXPECT_THAT(profile.err, AllOf(HasSubstr("3x7gb"), HasSubstr("cpu")));
  EXPECT_FALSE(std::filesystem::exists(project_.work_dir()));
}

TEST_F(BadInput, IsOneJsonDocumentToPrograms) {
  add_job_of("no-image", "nobody.png", "talk.wav");
  const Ended ended = project_.run({"no-image"}, {"--json"});
  EXPECT_EQ(ended.exit_code, kUserMustChange);
  const auto result = nlohmann::json::parse(ended.out);
  EXPECT_EQ(result.at("exit_code"), kUserMustChange);
  EXPECT_THAT(result.at("problems"), ElementsAre(HasSubstr("nobody.png")));
}

}  // namespace
}  // namespace longtake
