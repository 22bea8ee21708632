// Nights on a cluster: a real Slurm, on this machine alone, takes what `longtake submit` gives it.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/system/support/attempts.h"
#include "tests/system/support/files.h"
#include "tests/system/support/film.h"
#include "tests/system/support/process_tree.h"
#include "tests/system/support/project.h"
#include "tests/system/support/slurm_cluster.h"
#include "tests/system/support/waiting.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kFrames = 2000;
constexpr std::chrono::seconds kFilmWithin{60};
/// Slurm looks at time limits every 30 s.
constexpr std::chrono::seconds kWarnedWithin{45};

class Slurm : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string obstacle = SlurmCluster::obstacle();
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
    cluster_ = std::make_unique<SlurmCluster>();
  }

  /// Many small segments, so that every moment is between two of them.
  void add_film(const std::string& name) {
    static const Recording recording = Recording().speech(kFrames / 25);
    project_.add_job(name, recording, "infer_frames: 24\nsegment_clips: 1\ncontinuity: parallel\n");
  }

  Ended submit(const std::vector<std::string>& words, const std::string& work_dir = "work") {
    std::vector<std::string> command = {"env"};
    command.insert(command.end(), variables_.begin(), variables_.end());
    command.insert(command.end(), {longtake_program(), "submit", "--profile", "cpu", "--mem", "1024M",
                                   "--work-dir", work_dir});
    if (std::count(words.begin(), words.end(), "--ntasks-per-node") == 0) {
      command.insert(command.end(), {"--ntasks-per-node", "2"});
    }
    command.insert(command.end(), words.begin(), words.end());
    return cluster_->run(command, project_.folder());
  }

  /// The job's number.
  std::string submit_well(std::vector<std::string> words, const std::string& work_dir = "work") {
    words.emplace_back("--json");
    const Ended ended = submit(words, work_dir);
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return nlohmann::json::parse(ended.out).at("job_id");
  }

  std::string log_of(const std::string& job) const {
    return read_file(project_.work_dir() / ("slurm-" + job + ".log"));
  }

  bool comes_to(const std::string& job, const std::string& state, std::chrono::seconds limit = kFilmWithin) {
    return becomes_true([&] { return cluster_->state_of(job) == state; }, limit);
  }

  void wait_for_segments(const std::string& film) {
    ASSERT_TRUE(becomes_true([&] { return names_in(project_.segments(film), ".mp4").size() >= 3; }))
        << ::testing::PrintToString(cluster_->queue());
  }

  void signal_engines(int number) {
    for (const RunProcess& process : processes_of(cluster_->tag())) {
      if (process.role == Role::Engine) ::kill(process.pid, number);
    }
  }

  /// What a job left running: nothing, and soon.
  void expect_nothing_left() {
    const auto left = [&] {
      std::vector<RunProcess> runs;
      for (const RunProcess& process : processes_of(cluster_->tag())) {
        if (process.role != Role::Other) runs.push_back(process);
      }
      return runs;
    };
    EXPECT_TRUE(becomes_true([&] { return left().empty(); })) << describe(left());
  }

  /// The job came to its end after `restarts` and left the film that an undisturbed run makes.
  void expect_film(const std::string& job, const std::string& film, const std::string& restarts) {
    ASSERT_TRUE(comes_to(job, "COMPLETED")) << cluster_->state_of(job) << "\n" << log_of(job);
    EXPECT_EQ(cluster_->facts_of(job)["Restarts"], restarts) << log_of(job);
    expect_whole(project_, film);
    if (restarts != "0") {
      EXPECT_EQ(picture_md5(project_.film(film)), undisturbed_picture());
    }
  }

  static void expect_whole(const Project& project, const std::string& film) {
    EXPECT_THAT(strip_numbers(project.film(film)), ElementsAreArray(whole_film(kFrames)));
    EXPECT_THAT(needless_attempts(project.database()), IsEmpty());
    EXPECT_THAT(names_in(project.segments(film), ".part"), IsEmpty());
  }

  std::string undisturbed_picture() {
    const Ended ended = project_.longtake(
        {"run", "talk.yaml", "--work-dir", "undisturbed", "--profile", "cpu", "--ranks", "2"});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    return picture_md5(project_.file("undisturbed/jobs/talk/output.mp4"));
  }

  Project project_;
  std::vector<std::string> variables_;  ///< NAME=VALUE, of who submits
  std::unique_ptr<SlurmCluster> cluster_;
};

TEST_F(Slurm, ASubmittedJobMakesItsFilm) {
  add_film("talk");
  const Ended ended = submit({"talk.yaml", "--gpus-per-node", "2", "--time", "10"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out,
              AllOf(HasSubstr("#SBATCH --gpus-per-node=2\n"), HasSubstr("submitted batch job 1\n")));
  expect_film("1", "talk", "0");
  EXPECT_EQ(cluster_->facts_of("1")["TresPerNode"], "gres:gpu:2");
  EXPECT_THAT(log_of("1"), AllOf(HasSubstr("Slurm job 1, start 1"), HasSubstr("all jobs are done")));
  EXPECT_EQ(read_file(project_.work_dir() / "longtake.sbatch") + "submitted batch job 1\n", ended.out);
}

TEST_F(Slurm, ADryRunAsksSlurmAndLeavesNothing) {
  add_film("talk");
  const Ended ended = submit({"talk.yaml", "--dry-run"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_THAT(ended.out, HasSubstr("#SBATCH --job-name=talk\n"));
  EXPECT_THAT(ended.err, AllOf(HasSubstr("to start at"), HasSubstr("using 2 processors")));
  EXPECT_THAT(cluster_->queue(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(project_.work_dir()));
}

TEST_F(Slurm, WhatIsRefusedLeavesNothing) {
  add_film("talk");
  const Ended by_slurm = submit({"talk.yaml", "--partition", "dusk"});
  EXPECT_EQ(by_slurm.exit_code, 2);
  EXPECT_THAT(by_slurm.err, HasSubstr("invalid partition specified: dusk"));
  project_.add_job_file("wrong", "prompt: x\nimage: nobody.png\naudio: talk.wav\nengine: slate\n");
  const Ended by_us = submit({"talk.yaml", "wrong.yaml"});
  EXPECT_EQ(by_us.exit_code, 2);
  EXPECT_THAT(by_us.err, AllOf(HasSubstr("wrong.yaml:2: image"), HasSubstr("nobody.png")));
  EXPECT_THAT(by_us.out, IsEmpty());
  EXPECT_THAT(cluster_->queue(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(project_.work_dir()));
}

TEST_F(Slurm, WhatIsRefusedLeavesWhatWasThereAsItWas) {
  add_film("talk");
  const auto script = project_.work_dir() / "longtake.sbatch";
  std::filesystem::create_directories(project_.work_dir());
  write_file(script, "an earlier one");
  EXPECT_EQ(submit({"talk.yaml", "--partition", "dusk"}).exit_code, 2);
  EXPECT_EQ(read_file(script), "an earlier one");
  EXPECT_THAT(names_in(project_.work_dir(), ".part"), IsEmpty());
  EXPECT_EQ(submit({"talk.yaml", "--partition", "dusk"}, "nights/of/may").exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(project_.file("nights")));
}

TEST_F(Slurm, ATimeLimitDrainsAndTheNextStartGoesOn) {
  add_film("talk");
  const std::string job = submit_well({"talk.yaml", "--time", "1", "--warn-before", "50"});
  wait_for_segments("talk");
  // However fast this machine is, the film is not done when the warning comes.
  signal_engines(SIGSTOP);
  ASSERT_TRUE(
      becomes_true([&] { return log_of(job).find("drain: draining") != std::string::npos; }, kWarnedWithin))
      << log_of(job);
  signal_engines(SIGCONT);
  expect_film(job, "talk", "1");
  EXPECT_THAT(log_of(job), AllOf(HasSubstr("draining (signal USR1)"), HasSubstr("is queued again"),
                                 HasSubstr("Slurm job " + job + ", start 2"),
                                 HasSubstr("finished segments verified and kept")));
}

TEST_F(Slurm, ARequeueInTheMiddleLosesNothing) {
  add_film("talk");
  const std::string job = submit_well({"talk.yaml"});
  wait_for_segments("talk");
  cluster_->run({"scontrol", "requeue", job});
  expect_film(job, "talk", "1");
}

TEST_F(Slurm, ACancelledJobEndsAndIsNotQueuedAgain) {
  add_film("talk");
  const std::string job = submit_well({"talk.yaml"});
  wait_for_segments("talk");
  cluster_->run({"scancel", job});
  ASSERT_TRUE(comes_to(job, "CANCELLED"));
  ASSERT_TRUE(becomes_true([&] { return cluster_->queue().empty(); }));
  expect_nothing_left();
  EXPECT_EQ(cluster_->facts_of(job)["Restarts"], "0");
  expect_film(submit_well({"talk.yaml"}), "talk", "0");
}

TEST_F(Slurm, ANodeThatIsSetDownGivesItsJobBack) {
  add_film("talk");
  const std::string job = submit_well({"talk.yaml"});
  wait_for_segments("talk");
  cluster_->set_node("down");
  ASSERT_TRUE(comes_to(job, "PENDING"));
  expect_nothing_left();
  cluster_->set_node("resume");
  expect_film(job, "talk", "1");
}

TEST_F(Slurm, TwoJobsAtOnceMakeTheirFilms) {
  add_film("talk");
  add_film("walk");
  const std::string talk = submit_well({"talk.yaml"});
  const std::string walk = submit_well({"walk.yaml"}, "other");
  wait_for_segments("talk");
  ASSERT_TRUE(
      becomes_true([&] { return !names_in(project_.file("other/jobs/walk/segments"), ".mp4").empty(); }));
  EXPECT_EQ(cluster_->state_of(talk), "RUNNING");
  EXPECT_EQ(cluster_->state_of(walk), "RUNNING");
  expect_film(talk, "talk", "0");
  ASSERT_TRUE(comes_to(walk, "COMPLETED"));
  EXPECT_THAT(strip_numbers(project_.file("other/jobs/walk/output.mp4")),
              ElementsAreArray(whole_film(kFrames)));
}

TEST_F(Slurm, AnArrayMakesAFilmPerTaskAndADependentJobComesAfterIt) {
  add_film("talk");
  add_film("walk");
  const std::string array = submit_well({"talk.yaml", "walk.yaml", "--array", "--array-limit", "1"});
  const std::string after = submit_well({"talk.yaml", "--dependency", "afterok:" + array}, "work/talk");
  EXPECT_EQ(cluster_->facts_of(after)["Reason"], "Dependency");
  // The film is there already: the last job only says so.
  ASSERT_TRUE(comes_to(after, "COMPLETED")) << ::testing::PrintToString(cluster_->queue());
  for (const std::string film : {"talk", "walk"}) {
    const auto folder = project_.work_dir() / film / "jobs" / film;
    EXPECT_THAT(strip_numbers(folder / "output.mp4"), ElementsAreArray(whole_film(kFrames)));
  }
  EXPECT_THAT(names_in(project_.work_dir(), ".log"),
              ElementsAre("slurm-" + array + "_0.log", "slurm-" + array + "_1.log"));
}

TEST_F(Slurm, AJobThatNeedsAPersonStops) {
  add_film("talk");
  expect_film(submit_well({"talk.yaml"}), "talk", "0");
  project_.add_job("talk", Recording().tone(2));  // another film of that name
  const std::string job = submit_well({"talk.yaml"});
  ASSERT_TRUE(comes_to(job, "FAILED"));
  EXPECT_EQ(cluster_->facts_of(job)["ExitCode"], "2:0");
  EXPECT_EQ(cluster_->facts_of(job)["Restarts"], "0");
  EXPECT_THAT(log_of(job), HasSubstr("holds another job of this name"));
}

TEST_F(Slurm, RanksThatSrunStartedDrainAndMakeTheFilm) {
  add_film("talk");
  const std::string job = submit_well({"talk.yaml", "--launch", "srun"});
  wait_for_segments("talk");
  cluster_->run({"scancel", "--batch", "--signal=USR1", job});
  expect_film(job, "talk", "1");
  EXPECT_THAT(log_of(job), AllOf(HasSubstr("draining (signal USR1)"), Not(HasSubstr("engine ended"))));
}

TEST_F(Slurm, ASingleRankThatSrunStartedMakesTheFilm) {
  add_film("talk");
  const std::string job = submit_well({"talk.yaml", "--launch", "srun", "--ntasks-per-node", "1"});
  wait_for_segments("talk");
  EXPECT_FALSE(find_process(cluster_->tag(), Role::Mpirun)) << describe(processes_of(cluster_->tag()));
  expect_film(job, "talk", "0");
}

TEST_F(Slurm, AJobWhoseRanksDieAtEveryStartOfSrunNeedsAPerson) {
  add_film("talk");
  variables_ = {"LONGTAKE_START_LIMIT_S=5"};  // the other rank waits for so long at each start
  const std::string job = submit_well({"talk.yaml", "--launch", "srun"});
  const auto rank = [&] { return find_process(cluster_->tag(), Role::Rank, 1); };
  for (int start = 1; start <= 3; ++start) {
    ASSERT_TRUE(becomes_true([&] { return rank().has_value(); }, kFilmWithin)) << start << "\n"
                                                                               << log_of(job);
    ::kill(rank()->pid, SIGKILL);
    ASSERT_TRUE(becomes_true([&] { return !rank(); })) << start;
  }
  ASSERT_TRUE(comes_to(job, "FAILED")) << cluster_->state_of(job) << "\n" << log_of(job);
  EXPECT_EQ(cluster_->facts_of(job)["ExitCode"], "93:0");
  EXPECT_EQ(cluster_->facts_of(job)["Restarts"], "2");
  EXPECT_THAT(log_of(job), HasSubstr("no progress over 3 starts"));
}

TEST_F(Slurm, ALostRankEndsTheStepOfSrunAndTheNextStartGoesOn) {
  add_film("talk");
  const std::string job = submit_well({"talk.yaml", "--launch", "srun"});
  wait_for_segments("talk");
  const auto rank = find_process(cluster_->tag(), Role::Rank, 1);
  ASSERT_TRUE(rank);
  ::kill(rank->pid, SIGKILL);
  expect_film(job, "talk", "1");
}

}  // namespace
}  // namespace longtake
