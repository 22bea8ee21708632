#include "rank/engine_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "jobs/error.h"
#include "tests/rank/test_engine.h"
#include "tests/temp_path.h"

namespace longtake {
namespace {

using testing::HasSubstr;
using testing::Optional;

constexpr int kPatience_ms = 20'000;  // only for tests that fail

void wait_for_news(EngineProcess& engine) {
  pollfd news{engine.descriptor(), POLLIN, 0};
  ::poll(&news, 1, kPatience_ms);
}

/// The next `count` reports, fewer when the engine dies before.
std::vector<EngineReport> hear(EngineProcess& engine, std::size_t count) {
  std::vector<EngineReport> reports;
  while (reports.size() < count) {
    wait_for_news(engine);
    for (EngineReport& report : engine.receive()) reports.push_back(std::move(report));
    if (engine.death()) break;
  }
  return reports;
}

/// How the engine ends when it is told to do `deed`.
std::string end_after(EngineProcess& engine, const std::string& deed) {
  hear(engine, 1);
  engine.send(MakeSegment{order_to(deed)});
  while (true) {
    wait_for_news(engine);
    engine.receive();
    if (const auto how = engine.death()) return *how;
  }
}

std::string end_after(const std::string& deed) {
  EngineProcess engine(faulty_engine(), {});
  return end_after(engine, deed);
}

bool is_running(int pid) { return ::kill(pid, 0) == 0; }

TEST(EngineProcess, GetsVariablesInPlaceOfOurs) {
  EngineProcess engine(faulty_engine(), {}, {{"LONGTAKE_FAULTS", "wrong_protocol"}});
  const auto reports = hear(engine, 1);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(std::get<EngineStarted>(reports[0]).protocol, 99);
}

TEST(EngineProcess, CarriesOrdersAndReports) {
  EngineProcess engine(faulty_engine(), {});
  ASSERT_EQ(hear(engine, 1).size(), 1U);
  engine.send(MakeSegment{order_to("good", 12)});
  const std::vector<EngineReport> reports = hear(engine, 2);
  ASSERT_EQ(reports.size(), 2U);
  EXPECT_EQ(std::get<FramesMade>(reports[0]).frames, 48);
  EXPECT_EQ(std::get<SegmentMade>(reports[1]).attempt, AttemptId{12});
  EXPECT_FALSE(engine.death());
}

TEST(EngineProcess, LeavesTheSignalsOfARunToItsRank) {
  EngineProcess engine(faulty_engine(), {});
  hear(engine, 1);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) ::kill(engine.pid(), signal);
  engine.send(MakeSegment{order_to("good")});
  EXPECT_EQ(hear(engine, 2).size(), 2U);
  EXPECT_FALSE(engine.death());
}

TEST(EngineProcess, SaysHowItEnded) {
  EXPECT_EQ(end_after("killed"), "killed by signal 9 (SIGKILL)");
  EXPECT_EQ(end_after("exits"), "exit code 3");
}

TEST(EngineProcess, WhatIsNoReportBreaksTheEngineAndItIsKilled) {
  EngineProcess engine(faulty_engine(), {});
  EXPECT_THAT(end_after(engine, "garbage"), HasSubstr("NCCL INFO this is no JSON"));
  EXPECT_FALSE(is_running(engine.pid()));
}

TEST(EngineProcess, AnEndlessLineBreaksTheEngine) {
  EXPECT_THAT(end_after("endless"), HasSubstr("1048576 bytes"));
}

TEST(EngineProcess, AnEngineThatClosesItsLineIsKilled) {
  EngineProcess engine(faulty_engine(), {});
  EXPECT_EQ(end_after(engine, "closes"), "closed its line without ending");
  EXPECT_FALSE(is_running(engine.pid()));
}

TEST(EngineProcess, LastWordsAreHeardBeforeTheDeath) {
  for (int round = 0; round < 20; ++round) {
    EngineProcess engine(faulty_engine(), {});
    hear(engine, 1);
    engine.send(MakeSegment{order_to("last-words")});
    const std::vector<EngineReport> reports = hear(engine, 2);
    ASSERT_EQ(reports.size(), 2U) << "round " << round;
    EXPECT_TRUE(std::holds_alternative<SegmentMade>(reports[1]));
  }
}

TEST(EngineProcess, StopEndsAnIdleEngineInPeaceAndAHangingOneByForce) {
  EngineProcess idle(faulty_engine(), {});
  hear(idle, 1);
  idle.stop(kPatience_ms);
  EXPECT_THAT(idle.death(), Optional(std::string("exit code 0")));

  EngineProcess hanging(faulty_engine(), {});
  hear(hanging, 1);
  hanging.send(MakeSegment{order_to("hangs")});
  hanging.stop(10);
  EXPECT_THAT(hanging.death(), Optional(std::string("killed by signal 9 (SIGKILL)")));
}

TEST(EngineProcess, AnEngineThatTakesNoOrdersIsBroken) {
  EngineProcess engine(faulty_engine("deaf"), {});
  hear(engine, 1);
  SegmentOrder large = order_to("good");
  large.settings.prompt.assign(4 << 20, 'p');
  engine.send(MakeSegment{large});
  EXPECT_THAT(engine.death(), Optional(HasSubstr("did not take its order")));
}

TEST(EngineProcess, KnowsThePeakOfItsMemory) {
  EngineProcess engine(faulty_engine(), {});
  hear(engine, 1);
  EXPECT_GT(engine.peak_bytes(), 100'000);
  const std::int64_t alive = engine.peak_bytes();
  engine.stop(kPatience_ms);
  EXPECT_EQ(engine.peak_bytes(), alive);
}

TEST(EngineProcess, WhatTheEnginePrintsIsAddedToTheLog) {
  const std::filesystem::path log = temp_path("engine.log");
  std::ofstream(log) << "before\n";
  {
    EngineProcess engine(faulty_engine(), log);
    hear(engine, 1);
    engine.send(MakeSegment{order_to("prints")});
    hear(engine, 2);
  }
  std::ifstream file(log);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(content, "before\nto the log\n");
}

TEST(EngineProcess, TheEngineInheritsNoDescriptorOfOurs) {
  const FileDescriptor ours(::open("/dev/null", O_RDONLY));  // without O_CLOEXEC, as libraries do
  ASSERT_TRUE(ours.is_open());
  EngineProcess engine(faulty_engine(), {});
  hear(engine, 1);
  engine.send(MakeSegment{order_to("counts")});
  const std::vector<EngineReport> reports = hear(engine, 1);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(std::get<FramesMade>(reports[0]).frames, 0);
}

TEST(EngineProcess, AMissingProgramIsTheUsersToMend) {
  try {
    EngineProcess engine("/no/such/engine", {});
    FAIL() << "it started";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::InvalidInput);
    EXPECT_THAT(e.what(), HasSubstr("/no/such/engine: No such file"));
  }
}

TEST(EngineProcess, TheEngineDiesWithItsRank) {
  std::array<int, 2> pipe_ends{};
  ASSERT_EQ(::pipe(pipe_ends.data()), 0);
  const std::filesystem::path program = faulty_engine();
  const pid_t rank = ::fork();
  if (rank == 0) {
    EngineProcess engine(program, {});
    hear(engine, 1);
    engine.send(MakeSegment{order_to("hangs")});  // it would never see the end of its line
    const int pid = engine.pid();
    [[maybe_unused]] const ssize_t told = ::write(pipe_ends[1], &pid, sizeof pid);
    ::raise(SIGKILL);
  }
  int engine_pid = 0;
  ASSERT_EQ(::read(pipe_ends[0], &engine_pid, sizeof engine_pid), static_cast<ssize_t>(sizeof engine_pid));
  ::waitpid(rank, nullptr, 0);
  // Whoever adopts it reaps it in his own time; a zombie has no command line any more.
  const auto is_gone = [&] {
    std::ifstream command("/proc/" + std::to_string(engine_pid) + "/cmdline");
    return command.get() == std::ifstream::traits_type::eof();
  };
  for (int waited_ms = 0; waited_ms < kPatience_ms && !is_gone(); waited_ms += 10) ::usleep(10'000);
  EXPECT_TRUE(is_gone());
  ::close(pipe_ends[0]);
  ::close(pipe_ends[1]);
}

TEST(DescribeExit, NamesCodesAndSignals) {
  EXPECT_EQ(describe_exit(3 << 8), "exit code 3");
  EXPECT_EQ(describe_exit(11), "killed by signal 11 (SIGSEGV)");
}

}  // namespace
}  // namespace longtake
