#include "scheduler/scheduler_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "scheduler/process_identity.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;

SchedulerFile scheduler_of(int pid) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const std::string key(40, 'k');  // Z85
  return {{"tcp://127.0.0.1:1", {key, key, key}},
          host.data(),
          pid,
          process_identity(pid),
          3,
          "/tmp/longtake-meet-x"};
}

TEST(SchedulerFile, ComesBackAsItWasWritten) {
  const fs::path path = fs::temp_directory_path() / ("scheduler-" + std::to_string(::getpid()) + ".json");
  write_scheduler_file(path, scheduler_of(::getpid()));
  const auto read = read_scheduler_file(path);
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  fs::remove(path);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->pid, ::getpid());
  EXPECT_EQ(read->process, process_identity(::getpid()));
  EXPECT_EQ(read->epoch, 3);
  EXPECT_EQ(read->meetings, "/tmp/longtake-meet-x");
}

TEST(SchedulerFile, OfALivingProcessMayBeAlive) { EXPECT_TRUE(may_be_alive(scheduler_of(::getpid()))); }

TEST(SchedulerFile, OfAnotherHostMayBeAlive) {
  SchedulerFile elsewhere = scheduler_of(::getpid());
  elsewhere.host += "-2";
  elsewhere.process = "unknown here";
  EXPECT_TRUE(may_be_alive(elsewhere));
}

TEST(SchedulerFile, OfAnEndedProcessThatNobodyWaitedForIsDead) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  const SchedulerFile scheduler = scheduler_of(child);
  EXPECT_TRUE(may_be_alive(scheduler));
  ::kill(child, SIGKILL);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(may_be_alive(scheduler));
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(may_be_alive(scheduler));
}

TEST(SchedulerFile, OfAnEarlierProcessWithThisNumberIsDead) {
  SchedulerFile earlier = scheduler_of(::getpid());
  earlier.process += "0";
  EXPECT_FALSE(may_be_alive(earlier));
}

}  // namespace
}  // namespace longtake
