#include "rank/engine/text/filter_program.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using testing::HasSubstr;

const std::string kShell = "/bin/sh";  // an absolute path is taken as it is

TEST(FilterProgram, GivesBackWhatTheProgramMakesOfItsInput) {
  EXPECT_EQ(output_of(kShell, {"-c", "tr a-z A-Z"}, "word"), "WORD");
  const std::string long_input(300'000, 'x');
  EXPECT_EQ(output_of(kShell, {"-c", "input=$(cat); printf %s \"$input\""}, long_input), long_input);
}

TEST(FilterProgram, MayEndWithoutReading) {
  EXPECT_EQ(output_of(kShell, {"-c", "printf done"}, std::string(300'000, 'x')), "done");
}

TEST(FilterProgram, OneThatIsNotThereIsNamed) {
  try {
    output_of("longtake-no-such-program", {}, "");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::Io);
    EXPECT_THAT(e.what(), HasSubstr("longtake-no-such-program"));
  }
}

}  // namespace
}  // namespace longtake
