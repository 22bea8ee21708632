#include "scheduler/programs/ask_program.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace longtake {
namespace {

constexpr std::chrono::milliseconds kShort{300};
constexpr std::chrono::minutes kLong{1};

TEST(AskProgram, GivesBackWhatItSaysAndHowItEnds) {
  const Answer answer = ask_program({{"sh", "-c", "echo out; echo err >&2; exit 3"}, kLong});
  EXPECT_TRUE(answer.was_started);
  EXPECT_EQ(answer.out, "out\n");
  EXPECT_EQ(answer.err, "err\n");
  EXPECT_EQ(answer.exit_code, 3);
  EXPECT_FALSE(answer.is_good());
}

TEST(AskProgram, ChangesItsEnvironment) {
  ::setenv("LONGTAKE_TEST_WORD", "old", 1);
  EXPECT_EQ(
      ask_program({{"sh", "-c", "echo $LONGTAKE_TEST_WORD"}, kLong, {{"LONGTAKE_TEST_WORD", "new"}}}).out,
      "new\n");
  ::unsetenv("LONGTAKE_TEST_WORD");
}

TEST(AskProgram, OneThatIsNotThereWasNotStarted) {
  EXPECT_FALSE(ask_program({{"longtake-has-no-such-program"}, kLong}).was_started);
}

TEST(AskProgram, OneThatHangsIsEndedWithAllItStarted) {
  const Answer answer = ask_program({{"sh", "-c", "echo begun; sleep 1000 & sleep 1000"}, kShort});
  EXPECT_TRUE(answer.was_late);
  EXPECT_EQ(answer.out, "begun\n");
  EXPECT_FALSE(answer.is_good());
}

TEST(AskProgram, OneThatIsGivenNothingReadsNothing) {
  EXPECT_EQ(ask_program({{"wc", "-c"}, kLong}).out, "0\n");
}

TEST(AskProgram, OneReadsTheWholeInput) {
  const std::string input(1 << 20, '#');
  EXPECT_EQ(ask_program({{"cat"}, kLong, {}, input}).out, input);
}

}  // namespace
}  // namespace longtake
