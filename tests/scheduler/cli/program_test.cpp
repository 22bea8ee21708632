#include "scheduler/cli/program.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/scheduler/cli/typed_command.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Program, NamesAnUnknownCommandAndThoseThatAreThere) {
  const Ended ended = typed({"sbmit", "job.yaml"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_THAT(ended.err, AllOf(HasSubstr("no command 'sbmit'"), HasSubstr("run, plan, rehearse, check")));
}

TEST(Program, GuessesAMistypedCommand) {
  EXPECT_THAT(typed({"stauts"}).err, HasSubstr("did you mean status?"));
}

TEST(Program, ScriptsGetADocumentOfWhatIsWrongWithTheWords) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"stauts", "--json"},
                                                {"redo", "talk", "--json"},
                                                {"drain", "--bogus", "--json"}}) {
    const Ended ended = typed(words);
    EXPECT_EQ(ended.exit_code, 2);
    const auto document = nlohmann::json::parse(ended.out);
    EXPECT_EQ(document.at("exit_code"), 2);
    EXPECT_NE(document.at("message"), "");
  }
}

TEST(Program, HelpIsNoError) {
  const Ended ended = typed({"--help"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, AllOf(HasSubstr("Subcommands:"), HasSubstr("exit codes: 0 all jobs done")));
  EXPECT_THAT(ended.err, IsEmpty());
}

TEST(Program, WithoutACommandTheUserMustChangeSomething) { EXPECT_EQ(typed({}).exit_code, 2); }

}  // namespace
}  // namespace longtake
