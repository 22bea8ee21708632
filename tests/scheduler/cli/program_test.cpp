#include "scheduler/cli/program.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Ended {
  int exit_code;
  std::string out;
  std::string err;
};

Ended run_with(std::vector<std::string> words) {
  words.insert(words.begin(), "longtake");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int exit_code = run_program({}, static_cast<int>(arguments.size()), arguments.data());
  return {exit_code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
}

TEST(Program, NamesAnUnknownCommandAndThoseThatAreThere) {
  const Ended ended = run_with({"sbmit", "job.yaml"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("no command 'sbmit'"), HasSubstr("run, plan, check")));
}

TEST(Program, GuessesAMistypedCommand) {
  EXPECT_THAT(run_with({"stauts"}).err, HasSubstr("did you mean status?"));
}

TEST(Program, ScriptsGetADocumentOfWhatIsWrongWithTheWords) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"stauts", "--json"},
                                                {"redo", "talk", "--json"},
                                                {"drain", "--bogus", "--json"}}) {
    const Ended ended = run_with(words);
    EXPECT_EQ(ended.exit_code, 2);
    const auto document = nlohmann::json::parse(ended.out);
    EXPECT_EQ(document.at("exit_code"), 2);
    EXPECT_NE(document.at("message"), "");
  }
}

TEST(Program, HelpIsNoError) {
  const Ended ended = run_with({"--help"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("Subcommands:"), HasSubstr("exit codes: 0 all jobs done")));
  EXPECT_THAT(ended.err, IsEmpty());
}

TEST(Program, WithoutACommandTheUserMustChangeSomething) { EXPECT_EQ(run_with({}).exit_code, 2); }

}  // namespace
}  // namespace longtake
