#include "scheduler/cli/launcher.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "jobs/error.h"
#include "scheduler/cli/living_children.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

constexpr std::chrono::milliseconds kPatience{700};

TEST(RunChild, ReturnsHowItEnded) {
  EXPECT_EQ(run_child({"sh", "-c", "exit 7"}), 7);
  EXPECT_EQ(run_child({"sh", "-c", "kill -KILL $$"}), 128 + SIGKILL);
}

TEST(RunChild, LeavesNoChildBehindThatCannotStart) {
  try {
    run_child({"/no/such/program"});
    FAIL() << "was started";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), testing::HasSubstr("cannot start /no/such/program (No such file or directory)"));
  }
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(RunChild, WaitsForAChildThatHasChildren) {
  EXPECT_EQ(run_child({"sh", "-c", "sleep 3; exit 7"}, {{}, kPatience}), 7);
}

TEST(RunChild, EndsOneThatWaitsForChildrenItDoesNotHaveAnyMore) {
  EXPECT_EQ(run_child({"perl", "-e", "system('sleep 2'); sleep 1000"}, {{}, kPatience}), 128 + SIGTERM);
}

TEST(RunChild, EndsOneThatDoesNotWantTo) {
  EXPECT_EQ(
      run_child({"perl", "-e", "$SIG{TERM} = 'IGNORE'; system('sleep 2'); sleep 1 while 1"}, {{}, kPatience}),
      128 + SIGKILL);
}

/// It asks its parent to drain, needs a while until it could hear of that, and says when it can.
std::vector<std::string> slow_starter(const std::filesystem::path& listens) {
  return {"perl", "-e",
          "kill 'TERM', getppid(); sleep 1; $SIG{USR1} = sub { exit 9 };"
          "open(F, '>', $ARGV[0]); close(F); sleep 1 while 1",
          listens.string()};
}

TEST(RunChild, HoldsADrainBackUntilItsChildListens) {
  const std::filesystem::path listens = temp_path("child-listens");
  EXPECT_EQ(run_child(slow_starter(listens)), 128 + SIGUSR1) << "taken to listen from the beginning";
  EXPECT_EQ(run_child(slow_starter(listens), {[&] { return std::filesystem::exists(listens); }}), 9);
}

TEST(RunChild, EndsAChildThatDoesNotListenWhenAskedTwice) {
  const ChildHabits deaf = {[] { return false; }};
  EXPECT_EQ(
      run_child({"perl", "-e", "kill 'TERM', getppid(); sleep 1; kill 'TERM', getppid(); sleep 1000"}, deaf),
      128 + SIGTERM);
}

TEST(LivingChildren, DoNotCountOnceTheyHaveEnded) {
  EXPECT_FALSE(has_living_children(::getpid()));
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  EXPECT_TRUE(has_living_children(::getpid()));
  ::kill(child, SIGKILL);
  siginfo_t ended;
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);  // it stays, ended
  EXPECT_FALSE(has_living_children(::getpid()));
  ::waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace longtake
