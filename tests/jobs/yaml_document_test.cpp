#include "jobs/yaml_document.h"

#include <gmock/gmock.h>

#include "tests/jobs/job_folder.h"

namespace longtake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class YamlFile : public JobFolder {
 protected:
  std::optional<YamlDocument> parse(const std::string& text) {
    return YamlDocument::parse("job.yaml", text, problems_);
  }
  std::optional<YamlDocument> read(const std::filesystem::path& file) {
    return YamlDocument::read_file(file, problems_);
  }
  std::vector<Problem> problems_;
};

TEST_F(YamlFile, GivesTypedValues) {
  auto yaml = parse("a: 12\nb: 0.5\nc: true\nd: some words\ne: auto\n");
  ASSERT_TRUE(yaml);
  EXPECT_EQ(yaml->integer("a", {0, 20}), 12);
  EXPECT_EQ(yaml->number("b", {0, 1}), 0.5);
  EXPECT_EQ(yaml->number("a", {0, 20}), 12.0);
  EXPECT_EQ(yaml->boolean("c"), true);
  EXPECT_EQ(yaml->text("d"), "some words");
  EXPECT_EQ(yaml->text("a"), "12");
  EXPECT_TRUE(yaml->is_word("e", "auto"));
  EXPECT_EQ(yaml->integer("absent", {0, 20}), std::nullopt);
  EXPECT_THAT(problems_, IsEmpty()) << shown(problems_);
}

class YamlWrongInteger : public ::testing::TestWithParam<const char*> {};

TEST_P(YamlWrongInteger, IsAProblemOfItsLine) {
  std::vector<Problem> problems;
  auto yaml = YamlDocument::parse("job.yaml", std::string("\nsteps: ") + GetParam() + "\n", problems);
  ASSERT_TRUE(yaml);
  EXPECT_EQ(yaml->integer("steps", {1, 100}), std::nullopt);
  EXPECT_THAT(places(problems), ElementsAre("2 steps")) << shown(problems);
}

INSTANTIATE_TEST_SUITE_P(Values, YamlWrongInteger,
                         ::testing::Values("\"four\"", "four", "4.5", "\"4\"", "0", "101", "0x10", "1e1",
                                           "[4]", "{a: 4}", "~", "", "+-4", "99999999999999999999", "4 5",
                                           "''"));

class YamlWrongNumber : public ::testing::TestWithParam<const char*> {};

TEST_P(YamlWrongNumber, IsAProblem) {
  std::vector<Problem> problems;
  auto yaml = YamlDocument::parse("job.yaml", std::string("scale: ") + GetParam(), problems);
  ASSERT_TRUE(yaml);
  EXPECT_EQ(yaml->number("scale", {0, 20}), std::nullopt);
  EXPECT_EQ(problems.size(), 1u) << shown(problems);
}

INSTANTIATE_TEST_SUITE_P(Values, YamlWrongNumber,
                         ::testing::Values("-1", "20.5", "nan", "inf", ".inf", "1e999", "'3'", "3,5", "big"));

TEST_F(YamlFile, TakesOnlyTrueAndFalseForBooleans) {
  auto yaml = parse("a: yes\nb: True\nc: \"true\"\nd: 1\n");
  for (const char* key : {"a", "b", "c", "d"}) EXPECT_EQ(yaml->boolean(key), std::nullopt) << key;
  EXPECT_THAT(places(problems_), ElementsAre("1 a", "2 b", "3 c", "4 d"));
  EXPECT_THAT(problems_[0].message, HasSubstr("must be true or false, got 'yes'"));
}

TEST_F(YamlFile, SuggestsTheNearestChoice) {
  auto yaml = parse("engine: salte\n");
  const std::vector<Choice<int>> choices = {{"liveavatar", 1}, {"slate", 2}};
  EXPECT_EQ(yaml->choice("engine", choices), std::nullopt);
  ASSERT_EQ(problems_.size(), 1u);
  EXPECT_EQ(to_string(problems_[0]),
            "job.yaml:1: engine: must be liveavatar or slate, got 'salte'; write slate");
}

TEST_F(YamlFile, ReportsUnknownKeysWithTheNearestKnownOne) {
  auto yaml = parse("size: 1\nsampel_steps: 4\ncolour: red\n");
  yaml->has("size");
  yaml->has("sample_steps");
  yaml->report_unknown_keys();
  ASSERT_EQ(problems_.size(), 2u);
  EXPECT_EQ(to_string(problems_[0]), "job.yaml:3: colour: unknown key; known keys: sample_steps and size");
  EXPECT_EQ(to_string(problems_[1]), "job.yaml:2: sampel_steps: unknown key; did you mean 'sample_steps'?");
}

TEST_F(YamlFile, ReportsDuplicateKeysWithBothLines) {
  auto yaml = parse("size: 1\nimage: a\nsize: 2\n");
  ASSERT_TRUE(yaml);
  EXPECT_EQ(shown(problems_), "job.yaml:3: size: is set twice, first in line 1; keep one of the two lines\n");
  EXPECT_EQ(yaml->integer("size", {1, 2}), 1);
}

TEST_F(YamlFile, ReadsNestedMappings) {
  auto yaml = parse("limits:\n  load_s: 1\n  blok_s: 2\nenvironment:\n  A: 1\n  B: x\n");
  auto limits = yaml->mapping("limits");
  ASSERT_TRUE(limits);
  EXPECT_EQ(limits->integer("load_s", {0, 9}), 1);
  limits->require("block_s", "5");
  limits->report_unknown_keys();
  EXPECT_THAT(places(problems_), ElementsAre("1 limits.block_s", "3 limits.blok_s")) << shown(problems_);
  EXPECT_EQ(yaml->texts("environment"), (std::map<std::string, std::string>{{"A", "1"}, {"B", "x"}}));
}

TEST_F(YamlFile, WantsAMappingWhereOneIsAskedFor) {
  auto yaml = parse("limits: 5\n");
  EXPECT_FALSE(yaml->mapping("limits"));
  EXPECT_THAT(shown(problems_), HasSubstr("job.yaml:1: limits: must be a mapping"));
}

struct BadText {
  const char* text;
  const char* place;
  const char* message;
};
class YamlBadText : public ::testing::TestWithParam<BadText> {};

TEST_P(YamlBadText, IsOneProblem) {
  std::vector<Problem> problems;
  EXPECT_FALSE(YamlDocument::parse("job.yaml", GetParam().text, problems));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(to_string(problems[0]),
              HasSubstr(std::string("job.yaml") + GetParam().place + ": " + GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(Texts, YamlBadText,
                         ::testing::Values(BadText{"", "", "is empty"},
                                           BadText{"# nothing\n", "", "is empty"},
                                           BadText{"---\n", "", "is empty"},
                                           BadText{"- a\n- b\n", ":1", "is not a mapping"},
                                           BadText{"just words\n", ":1", "is not a mapping"},
                                           BadText{"a: 1\nb: c: d\n", ":2", "is not valid YAML"},
                                           BadText{"a: 1\n\tb: 2\n", ":2", "is not valid YAML"},
                                           BadText{"a: *unknown\n", ":1", "is not valid YAML"},
                                           BadText{"a: 1\n---\nb: 2\n", ":3", "holds more than one"}));

TEST_F(YamlFile, RefusesWhatIsNoReadableTextFile) {
  EXPECT_FALSE(read(folder() / "absent.yaml"));
  EXPECT_FALSE(read(folder()));
  EXPECT_FALSE(read("/dev/null"));
  EXPECT_FALSE(read(write("huge.yaml", std::string(1'000'001, '#'))));
  EXPECT_FALSE(read(write("zeros.yaml", std::string("a: \0b", 5))));
  EXPECT_FALSE(read(write("deep.yaml", "a: " + std::string(100'000, '['))));
  ASSERT_EQ(problems_.size(), 6u) << shown(problems_);
  EXPECT_THAT(problems_[0].message, HasSubstr("there is no such file"));
  EXPECT_THAT(problems_[1].message, HasSubstr("is a folder"));
  EXPECT_THAT(problems_[2].message, HasSubstr("is not a regular file"));
  EXPECT_THAT(problems_[3].message, HasSubstr("larger than 1 MB"));
  EXPECT_THAT(problems_[4].message, HasSubstr("is not a text file"));
  EXPECT_THAT(problems_[5].message, HasSubstr("is not valid YAML"));
}

TEST_F(YamlFile, ReadsAFileWithByteOrderMarkAndWindowsLineEnds) {
  auto yaml = read(write("windows.yaml",
                         "\xEF\xBB\xBF"
                         "size: 4\r\nname: x\r\n"));
  ASSERT_TRUE(yaml);
  EXPECT_EQ(yaml->integer("size", {1, 9}), 4);
  EXPECT_EQ(yaml->text("name"), "x");
  EXPECT_THAT(problems_, IsEmpty()) << shown(problems_);
}

}  // namespace
}  // namespace longtake
