// Exit code 93: starts that come to nothing are not to be repeated for ever.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/system/support/database.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/project.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class NoProgress : public ::testing::Test {
 protected:
  NoProgress() { project_.add_job("talk", Recording().tone(4), "segment_clips: 1\n"); }

  Ended run() const { return project_.run({"talk"}, {"--ranks", "1"}); }

  Ended run_whose_mpirun_is_killed() const {
    Process run = project_.start_run({"talk"}, {"--ranks", "1"});
    EXPECT_TRUE(becomes_true([&] { return find_process(run.tag(), Role::Mpirun).has_value(); }));
    if (const auto mpirun = find_process(run.tag(), Role::Mpirun)) ::kill(mpirun->pid, SIGKILL);
    const Ended ended = run.wait();
    EXPECT_TRUE(becomes_true([&] { return processes_of(run.tag()).empty(); }))
        << describe(processes_of(run.tag()));
    return ended;
  }

  /// `longtake run` first: what it does not see it cannot write down.
  void kill_whole_run() const {
    Process run = project_.start_run({"talk"}, {"--ranks", "1"});
    EXPECT_TRUE(becomes_true([&] { return find_process(run.tag(), Role::Engine).has_value(); }));
    run.signal(SIGKILL);
    for (const RunProcess& process : processes_of(run.tag())) ::kill(process.pid, SIGKILL);
    EXPECT_EQ(run.wait().exit_code, 128 + SIGKILL);
    EXPECT_TRUE(becomes_true([&] { return processes_of(run.tag()).empty(); }))
        << describe(processes_of(run.tag()));
  }

  /// Of which the engine hangs at its start.
  Ended run_that_is_drained() const {
    Process run = project_.start_run({"talk"}, {"--ranks", "1"});
    EXPECT_TRUE(becomes_true([&] { return find_process(run.tag(), Role::Engine).has_value(); }));
    EXPECT_EQ(project_.longtake({"drain", "--work-dir", "work"}).exit_code, 0);
    return run.wait();
  }

  void expect_told(const Ended& ended, const std::string& what) const {
    EXPECT_EQ(ended.exit_code, 93) << ended.err;
    EXPECT_THAT(ended.out,
                AllOf(HasSubstr("no progress over 3 starts"), HasSubstr(what), HasSubstr("then run again")));
    EXPECT_EQ(query_number(project_.database(), "SELECT exit_code FROM run ORDER BY epoch DESC LIMIT 1"), 93);
  }

  Project project_;
};

TEST_F(NoProgress, OverThreeStartsWhoseEnginesDieIsToldWithTheirErrors) {
  project_.set_faults("exit at=load");
  for (int start = 1; start <= 2; ++start) EXPECT_EQ(run().exit_code, 75);
  expect_told(run(), "last errors: the engine slate ended while it was starting");
  project_.set_faults("");
  EXPECT_EQ(run().exit_code, 0) << "nothing is refused";
}

TEST_F(NoProgress, OverThreeStartsThatAreDrainedWhileTheyLoadIsTold) {
  project_.set_faults("hang at=load");
  for (int start = 1; start <= 2; ++start) EXPECT_EQ(run_that_is_drained().exit_code, 75);
  expect_told(run_that_is_drained(), "give a run more time");
}

TEST_F(NoProgress, OverThreeStartsThatAreKilledBeforeTheirSchedulerCouldWriteIsTold) {
  for (int start = 1; start <= 2; ++start) EXPECT_EQ(run_whose_mpirun_is_killed().exit_code, 75);
  expect_told(run_whose_mpirun_is_killed(), "the scheduler or mpirun was killed");
  EXPECT_EQ(run().exit_code, 0);
}

TEST_F(NoProgress, OverThreeStartsThatAreKilledWholeIsToldByTheNext) {
  project_.set_faults("hang at=load");
  for (int start = 1; start <= 3; ++start) kill_whole_run();
  expect_told(run(), "killed, killed, killed");
  project_.set_faults("");
  EXPECT_EQ(run().exit_code, 0) << "nothing is refused after that";
}

}  // namespace
}  // namespace longtake
