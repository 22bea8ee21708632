#include "scheduler/programs/ask_program.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

/// Whether everyone who could write to a pipe is gone before `limit` is over.
bool closes_within(int read_end, std::chrono::milliseconds limit) {
  pollfd event{read_end, POLLIN, 0};
  return ::poll(&event, 1, static_cast<int>(limit.count())) == 1 && (event.revents & POLLHUP) != 0;
}

TEST(AskProgram, OneDoesNotOutliveWhoeverAsks) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  int begun[2];
  ASSERT_EQ(::pipe(begun), 0);
  const pid_t asker = ::fork();
  if (asker == 0) {
    const std::string say = "echo begun >&" + std::to_string(begun[1]) + "; exec sleep 1000";
    ask_program({{"sh", "-c", say}, kLong});
    ::_exit(0);
  }
  ::close(ends[1]);
  char letter = 0;
  ASSERT_EQ(::read(begun[0], &letter, 1), 1);
  ::kill(asker, SIGKILL);
  ::waitpid(asker, nullptr, 0);
  EXPECT_TRUE(closes_within(ends[0], kLong));
  for (const int descriptor : {ends[0], begun[0], begun[1]}) ::close(descriptor);
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
