// What a person sees of a run and can do to it: status, explain, drain, signals, a second run.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/system/support/attempts.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/project.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kFrames = 4800;
constexpr int kRunAgain = 75;

/// A run of a film that takes some seconds.
class Watch : public ::testing::Test {
 protected:
  Watch() {
    project_.add_job("talk", Recording().tone(kFrames / 25.0),
                     "infer_frames: 24\nsegment_clips: 1\ncontinuity: parallel\n");
  }

  Process start_run_that_generates(const std::vector<std::string>& options = {"--ranks", "2"}) {
    const std::size_t before = segments_made();
    Process run = project_.start_run({"talk"}, options);
    if (!becomes_true([&] { return run.is_over() || segments_made() > before + 1; }) || run.is_over()) {
      throw std::runtime_error("the run makes no segments: " + run.out() + run.err());
    }
    return run;
  }

  std::size_t segments_made() const { return names_in(project_.segments("talk"), ".mp4").size(); }

  Ended longtake(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--work-dir", "work"});
    return project_.longtake(arguments);
  }

  void expect_finishes() {
    const Ended ended = project_.run({"talk"}, {"--ranks", "2"});
    EXPECT_EQ(ended.exit_code, 0) << ended.out << ended.err;
    EXPECT_THAT(strip_numbers(project_.film("talk")), ElementsAreArray(whole_film(kFrames)));
    EXPECT_THAT(needless_attempts(project_.database()), IsEmpty());
  }

  void expect_drained(Process& run) {
    const Ended ended = run.wait();
    EXPECT_EQ(ended.exit_code, kRunAgain) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("run again"));
    EXPECT_THAT(processes_of(run.tag()), IsEmpty()) << describe(processes_of(run.tag()));
    EXPECT_FALSE(std::filesystem::exists(scheduler_file()));
    EXPECT_FALSE(std::filesystem::exists(project_.film("talk")));
    EXPECT_THAT(names_in(project_.segments("talk"), ".part"), IsEmpty());
    expect_finishes();
  }

  std::filesystem::path scheduler_file() const { return project_.work_dir() / "scheduler.json"; }
  nlohmann::json scheduler() const { return nlohmann::json::parse(read_file(scheduler_file())); }

  Project project_;
};

TEST_F(Watch, DrainStopsARunThatALaterOneFinishes) {
  Process run = start_run_that_generates();
  const Ended drain = longtake({"drain"});
  EXPECT_EQ(drain.exit_code, 0) << drain.err;
  expect_drained(run);
}

TEST_F(Watch, ASignalDrains) {
  for (const int number : {SIGUSR1, SIGTERM}) {
    SCOPED_TRACE(::strsignal(number));
    std::filesystem::remove_all(project_.work_dir());
    Process run = start_run_that_generates();
    run.signal(number);
    expect_drained(run);
  }
}

TEST_F(Watch, ControlCDrains) {
  Process run = start_run_that_generates();
  run.signal_group(SIGINT);
  expect_drained(run);
}

TEST_F(Watch, ASignalAtTheStartDrainsAndLeavesNothingRunning) {
  Process run = project_.start_run({"talk"}, {"--ranks", "2"});
  ASSERT_TRUE(becomes_true([&] { return find_process(run.tag(), Role::Mpirun).has_value(); }));
  run.signal(SIGTERM);
  const Ended ended = run.wait();
  EXPECT_EQ(ended.exit_code, kRunAgain);
  EXPECT_THAT(ended.out, HasSubstr("drained (signal USR1)")) << ended.err;
  EXPECT_TRUE(becomes_true([&] { return processes_of(run.tag()).empty(); }))
      << describe(processes_of(run.tag()));
  expect_finishes();
}

TEST_F(Watch, TheSchedulersFileIsForItsOwnerAloneAndGoesAtTheEnd) {
  Process run = start_run_that_generates();
  struct stat facts {};
  ASSERT_EQ(::stat(scheduler_file().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777, 0600U);
  const auto rank = find_process(run.tag(), Role::Rank, 0);
  ASSERT_TRUE(rank);
  EXPECT_EQ(scheduler().at("pid"), rank->pid);
  EXPECT_EQ(run.wait().exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(scheduler_file()));
}

TEST_F(Watch, ASecondRunIsRefusedNamingTheFirstWhichIsUnharmed) {
  Process first = start_run_that_generates();
  const auto rank = find_process(first.tag(), Role::Rank, 0);
  ASSERT_TRUE(rank);
  for (const RunProcess& process : processes_of(first.tag())) ::kill(process.pid, SIGSTOP);
  const Ended second = project_.run({"talk"}, {"--ranks", "1"});
  for (const RunProcess& process : processes_of(first.tag())) ::kill(process.pid, SIGCONT);
  EXPECT_EQ(second.exit_code, 2) << second.out;
  EXPECT_THAT(second.err, HasSubstr("pid " + std::to_string(rank->pid)));
  EXPECT_EQ(first.wait().exit_code, 0);
  expect_finishes();
}

TEST_F(Watch, StatusAndExplainTellOfARunAndOfItsEnd) {
  Process run = start_run_that_generates();
  const auto during = nlohmann::json::parse(longtake({"status", "--json"}).out);
  EXPECT_EQ(during.at("is_running"), true);
  EXPECT_EQ(during.at("pid"), scheduler().at("pid"));
  EXPECT_THAT(during.at("groups"), SizeIs(2));
  EXPECT_EQ(during.at("jobs")[0].at("state"), "running");
  EXPECT_GT(during.at("jobs")[0].at("frames_done"), 0);
  EXPECT_THAT(longtake({"status"}).out, AllOf(HasSubstr("talk"), HasSubstr("running"), HasSubstr("group 1")));
  EXPECT_THAT(longtake({"explain", "talk"}).out, HasSubstr("is running"));
  EXPECT_EQ(run.wait().exit_code, 0);

  const auto after = nlohmann::json::parse(longtake({"status", "--json"}).out);
  EXPECT_EQ(after.at("is_running"), false);
  EXPECT_EQ(after.at("exit_code"), 0);
  EXPECT_EQ(after.at("jobs")[0].at("state"), "done");
  EXPECT_EQ(after.at("jobs")[0].at("frames_done"), kFrames);
  EXPECT_THAT(longtake({"explain", "talk"}).out, HasSubstr("is done"));
  const auto explained = nlohmann::json::parse(longtake({"explain", "talk", "--json"}).out);
  EXPECT_EQ(explained.at("job"), "talk");
}

TEST_F(Watch, StatusOfAKilledRunSaysSo) {
  Process run = start_run_that_generates();
  for (const RunProcess& process : processes_of(run.tag())) ::kill(process.pid, SIGKILL);
  run.wait();
  const auto status = nlohmann::json::parse(longtake({"status", "--json"}).out);
  EXPECT_EQ(status.at("is_running"), false);
  EXPECT_THAT(status.at("message").get<std::string>(), HasSubstr("killed"));
  EXPECT_THAT(longtake({"explain", "talk"}).out, HasSubstr("run again"));
  expect_finishes();
}

TEST_F(Watch, WhatANodeThatLostItsPowerLeftStopsNobody) {
  Process run = start_run_that_generates();
  nlohmann::json left = scheduler();
  for (const RunProcess& process : processes_of(run.tag())) ::kill(process.pid, SIGKILL);
  run.wait();
  left["host"] = "node-without-power";
  write_file(scheduler_file(), left.dump());
  EXPECT_EQ(longtake({"status"}).exit_code, 0);
  expect_finishes();
  write_file(scheduler_file(), left.dump());
  EXPECT_EQ(longtake({"redo", "talk", "--clips", "0:1"}).exit_code, 0);
}

TEST_F(Watch, WatchedStatusEndsWithTheRun) {
  Process run = start_run_that_generates();
  Process watcher = project_.start_longtake({"status", "--watch", "--work-dir", "work"});
  EXPECT_EQ(run.wait().exit_code, 0);
  const Ended watched = watcher.wait();
  EXPECT_EQ(watched.exit_code, 0) << watched.err;
  EXPECT_THAT(watched.out, HasSubstr("done"));
}

TEST_F(Watch, WatchedStatusIsADocumentALineForScripts) {
  Process run = start_run_that_generates();
  Process watcher = project_.start_longtake({"status", "--watch", "--json", "--work-dir", "work"});
  EXPECT_EQ(run.wait().exit_code, 0);
  std::istringstream lines(watcher.wait().out);
  std::vector<bool> was_running;
  for (std::string line; std::getline(lines, line);) {
    was_running.push_back(nlohmann::json::parse(line).at("is_running"));
  }
  ASSERT_THAT(was_running, SizeIs(::testing::Ge(2U)));
  EXPECT_TRUE(was_running.front());
  EXPECT_FALSE(was_running.back());
}

TEST_F(Watch, WhatNobodyRanInIsToldWithExitCode2) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                  {"explain", "talk"},
                                                  {"drain"},
                                                  {"redo", "talk", "--clips", "0:1"}}) {
    const Ended ended = longtake(command);
    EXPECT_EQ(ended.exit_code, 2) << command.front();
    EXPECT_THAT(ended.err, HasSubstr((project_.folder() / "work").string()));
  }
  EXPECT_FALSE(std::filesystem::exists(project_.work_dir()));
}

TEST_F(Watch, EveryCommandPrintsOneJsonDocument) {
  const Ended run = project_.run({"talk"}, {"--ranks", "2", "--json"});
  const auto result = nlohmann::json::parse(run.out);
  EXPECT_EQ(result.at("exit_code"), 0);
  EXPECT_EQ(result.at("jobs")[0].at("state"), "done");
  const std::vector<std::vector<std::string>> commands = {
      {"status", "--json"}, {"explain", "talk", "--json"}, {"redo", "talk", "--clips", "0:1", "--json"}};
  for (const auto& command : commands)
    EXPECT_NO_THROW(nlohmann::json::parse(longtake(command).out)) << command[0];
  for (const char* command : {"plan", "check"}) {
    const Ended ended = project_.longtake({command, "talk.yaml", "--json"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_NO_THROW(nlohmann::json::parse(ended.out)) << command;
  }
}

TEST_F(Watch, MpirunTypedByAPersonWorksLikeOurs) {
  std::vector<std::string> command = {"mpirun", "-n", "2", "--enable-recovery", "--oversubscribe"};
  if (::geteuid() == 0) command.emplace_back("--allow-run-as-root");
  command.insert(command.end(), {longtake_program(), "run", "talk.yaml", "--work-dir", "work"});
  const Ended ended = Process({command, {}, project_.folder()}).wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("all jobs are done"));
  EXPECT_THAT(strip_numbers(project_.film("talk")), ElementsAreArray(whole_film(kFrames)));
}

TEST_F(Watch, ARankThatHangsIsLostAndComesBack) {
  Process run = start_run_that_generates();
  const auto rank = find_process(run.tag(), Role::Rank, 1);
  ASSERT_TRUE(rank);
  ::kill(rank->pid, SIGSTOP);
  EXPECT_TRUE(becomes_true([&] { return run.err().find("rank 1") != std::string::npos || run.is_over(); }));
  ::kill(rank->pid, SIGCONT);
  EXPECT_EQ(run.wait().exit_code, 0) << run.err();
  EXPECT_THAT(run.err(), HasSubstr("is gone: nothing heard"));
  EXPECT_THAT(processes_of(run.tag()), IsEmpty()) << describe(processes_of(run.tag()));
  EXPECT_THAT(strip_numbers(project_.film("talk")), ElementsAreArray(whole_film(kFrames)));
  EXPECT_THAT(needless_attempts(project_.database()), IsEmpty());
}

/// An engine that stands still is not dead; its rank keeps it until the profile's limit for a block.
TEST_F(Watch, AnEngineThatHangsIsReplaced) {
  write_file(project_.file("impatient.yaml"),
             "description: A machine without GPUs and without patience\ndevice: cpu\ncpu_slots_per_node: 2\n"
             "host_bytes_per_slot: 2147483648\nslate_megapixels_per_s: 40\nlargest_size: 1920*1080\n"
             "timeouts:\n  load_s: 3\n  first_block_s: 3\n  block_s: 1\n");
  Process run = start_run_that_generates({"--ranks", "2", "--profile", "impatient.yaml"});
  const auto engine = find_process(run.tag(), Role::Engine, 1);
  ASSERT_TRUE(engine);
  ::kill(engine->pid, SIGSTOP);
  EXPECT_EQ(run.wait().exit_code, 0) << run.err();
  EXPECT_THAT(processes_of(run.tag()), IsEmpty()) << describe(processes_of(run.tag()));
  EXPECT_THAT(strip_numbers(project_.film("talk")), ElementsAreArray(whole_film(kFrames)));
  EXPECT_THAT(needless_attempts(project_.database()), IsEmpty());
}

TEST_F(Watch, WhenTheCommandItselfIsKilledNothingIsLeftRunning) {
  Process run = start_run_that_generates();
  run.signal(SIGKILL);
  run.wait();
  EXPECT_TRUE(becomes_true([&] { return processes_of(run.tag()).empty(); }))
      << describe(processes_of(run.tag()));
  expect_finishes();
}

/// Its other rank, with its engine, lives on for ten seconds.
TEST_F(Watch, ARunMayBeginWhileItsKilledPredecessorIsDying) {
  Process killed = start_run_that_generates();
  ::kill(scheduler().at("pid").get<pid_t>(), SIGKILL);
  expect_finishes();
  EXPECT_EQ(killed.wait().exit_code, kRunAgain);
  expect_finishes();
}

}  // namespace
}  // namespace longtake
