// The batch script as bash runs it, with small programs that stand for longtake and for Slurm's: which
// signals the run gets, and what becomes of its exit code.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "scheduler/slurm/batch_script.h"
#include "tests/system/support/files.h"
#include "tests/system/support/process.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SlurmScript : public ::testing::Test {
 protected:
  SlurmScript() {
    fs::create_directories(folder_ / "bin");
    stand_in("scontrol", "echo \"$@\" >>$FOLDER/asked");
    job_.name = "talk";
    job_.log_folder = folder_;
    job_.works = {{{folder_ / "talk.yaml"}, folder_ / "work"}};
    job_.program = folder_ / "bin/longtake";
  }
  ~SlurmScript() override { fs::remove_all(folder_); }

  void stand_in(const std::string& name, const std::string& lines) {
    const fs::path program = folder_ / "bin" / name;
    write_file(program, "#!/bin/bash\nFOLDER=" + folder_.string() + "\n" + lines + "\n");
    fs::permissions(program, fs::perms::owner_all);
  }
  /// A run that drains as longtake does, and says what it got.
  void stand_in_a_run_that_drains() {
    stand_in("longtake",
             "trap 'echo drained >>$FOLDER/signals; exit 75' USR1\n"
             "touch $FOLDER/started; while true; do sleep 0.05; done");
  }

  Process start(std::map<std::string, std::string> environment = {}) {
    write_file(folder_ / "script", batch_script(job_));
    environment["PATH"] = (folder_ / "bin").string() + ":/usr/bin:/bin";
    environment.emplace("SLURM_JOB_ID", "17");
    return Process({{"bash", (folder_ / "script").string()}, environment, folder_});
  }
  Ended run(const std::map<std::string, std::string>& environment = {}) { return start(environment).wait(); }
  void wait_until_it_runs() {
    ASSERT_TRUE(becomes_true([&] { return fs::exists(folder_ / "started"); }));
  }
  std::string said(const std::string& file) const { return read_file(folder_ / file); }
  bool was_requeued() const { return fs::exists(folder_ / "asked"); }

  fs::path folder_ = make_temporary_folder();
  BatchJob job_;
};

TEST_F(SlurmScript, EndsWhereAPersonIsNeededOrNothingIsLeft) {
  for (const int code : {0, 1, 2, 93}) {
    stand_in("longtake", "exit " + std::to_string(code));
    EXPECT_EQ(run().exit_code, code);
    EXPECT_FALSE(was_requeued()) << code;
  }
}

TEST_F(SlurmScript, QueuesItselfAgainAfterADrain) {
  stand_in("longtake", "exit 75");
  EXPECT_EQ(run().exit_code, 75);
  EXPECT_EQ(said("asked"), "requeue 17\n");
}

TEST_F(SlurmScript, QueuesItselfAgainAfterARunThatWasKilled) {
  stand_in("longtake", "kill -KILL $$");
  EXPECT_EQ(run().exit_code, 75);
  EXPECT_EQ(said("asked"), "requeue 17\n");
}

TEST_F(SlurmScript, QueuesOnlyItsOwnTaskOfAnArrayAgain) {
  stand_in("longtake", "exit 75");
  job_.is_array = true;
  job_.works.push_back({{folder_ / "walk.yaml"}, folder_ / "walk"});
  run({{"SLURM_ARRAY_JOB_ID", "17"}, {"SLURM_ARRAY_TASK_ID", "1"}});
  EXPECT_EQ(said("asked"), "requeue 17_1\n");
}

TEST_F(SlurmScript, SaysWhatToDoWhereItMayNotQueueItselfAgain) {
  stand_in("longtake", "exit 75");
  stand_in("scontrol", "exit 1");
  const Ended ended = run();
  EXPECT_EQ(ended.exit_code, 75);
  EXPECT_THAT(ended.err, HasSubstr("submit the same films again to go on"));
}

TEST_F(SlurmScript, PassesTheWarningOnAndWaitsForTheDrain) {
  stand_in_a_run_that_drains();
  Process script = start();
  wait_until_it_runs();
  script.signal(SIGUSR1);
  EXPECT_EQ(script.wait().exit_code, 75);
  EXPECT_EQ(said("signals"), "drained\n");
  EXPECT_EQ(said("asked"), "requeue 17\n");
}

TEST_F(SlurmScript, WaitsOnAfterEveryWarning) {
  stand_in("longtake",
           "trap 'echo warned >>$FOLDER/signals' USR1\n"
           "touch $FOLDER/started; until [ -e $FOLDER/enough ]; do sleep 0.05; done; exit 0");
  Process script = start();
  wait_until_it_runs();
  for (const std::string heard : {"warned\n", "warned\nwarned\n"}) {
    script.signal(SIGUSR1);
    EXPECT_TRUE(becomes_true([&] { return said("signals") == heard; })) << said("signals");
  }
  write_file(folder_ / "enough", "");
  EXPECT_EQ(script.wait().exit_code, 0);
  EXPECT_FALSE(was_requeued());
}

TEST_F(SlurmScript, LeavesToSlurmWhatComesAfterSigterm) {
  stand_in_a_run_that_drains();
  Process script = start();
  wait_until_it_runs();
  script.signal(SIGTERM);
  EXPECT_EQ(script.wait().exit_code, 75);
  EXPECT_EQ(said("signals"), "drained\n");
  EXPECT_FALSE(was_requeued());
}

TEST_F(SlurmScript, HandsNamesOverWholeWhateverTheyHold) {
  stand_in("longtake", "for word in \"$@\"; do echo \"$word\"; done");
  job_.works = {{{"/films/Ann's \"$HOME\" `id`.yaml", "/films/b c.yaml"}, "/films/%j \\ work"}};
  job_.environment = {{"LONGTAKE_CONFIGS", "/a b/'c'"}};
  const Ended ended = run();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out,
            "run\n/films/Ann's \"$HOME\" `id`.yaml\n/films/b c.yaml\n--work-dir\n/films/%j \\ work\n"
            "--ranks\n1\n");
}

TEST_F(SlurmScript, GivesEachTaskOfAnArrayItsFilm) {
  stand_in("longtake", "echo \"$@\"");
  job_.is_array = true;
  job_.works = {{{"/a.yaml"}, "/work/a"}, {{"/b.yaml"}, "/work/b"}};
  const auto task = [](const char* number) {
    return std::map<std::string, std::string>{{"SLURM_ARRAY_JOB_ID", "17"}, {"SLURM_ARRAY_TASK_ID", number}};
  };
  EXPECT_EQ(run(task("0")).out, "run /a.yaml --work-dir /work/a --ranks 1\n");
  EXPECT_EQ(run(task("1")).out, "run /b.yaml --work-dir /work/b --ranks 1\n");
}

TEST_F(SlurmScript, TakesTheWordOfARunThatEndsWhileASignalComes) {
  stand_in("longtake", "read -r _ _ _ script _ </proc/$PPID/stat; trap '' USR1; kill -USR1 $script; exit 93");
  for (int time = 0; time < 20; ++time) EXPECT_EQ(run().exit_code, 93);
  EXPECT_FALSE(was_requeued());
}

TEST_F(SlurmScript, HasTheRunUseSrunWhereItIsToldTo) {
  stand_in("longtake", "echo \"$@\"");
  job_.launch = SlurmLaunch::Srun;
  job_.tasks_per_node = 2;
  EXPECT_THAT(run().out, HasSubstr("--launch srun --ranks 2"));
}

}  // namespace
}  // namespace longtake
