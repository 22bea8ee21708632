#include "scheduler/slurm/batch_script.h"

#include <gmock/gmock.h>

#include <sstream>

#include "jobs/error.h"

namespace longtake {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

BatchJob smallest_job() {
  BatchJob job;
  job.name = "talk";
  job.warn_before_s = 180;
  job.log_folder = "/films/work";
  job.works = {{{"/films/talk.yaml"}, "/films/work"}};
  job.program = "/opt/longtake/bin/longtake";
  return job;
}

std::vector<std::string> directives_of(const std::string& script) {
  std::vector<std::string> directives;
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("#SBATCH ", 0) == 0) directives.push_back(line.substr(8));
  }
  return directives;
}

TEST(BatchScript, AsksForNothingThatWasNotGiven) {
  EXPECT_THAT(directives_of(batch_script(smallest_job())),
              ElementsAre("--job-name=talk", "--nodes=1", "--ntasks-per-node=1", "--requeue",
                          "--signal=B:USR1@180", "--open-mode=append", "--output=/films/work/slurm-%j.log"));
}

TEST(BatchScript, AsksForAllThatWasGiven) {
  BatchJob job = smallest_job();
  job.nodes = 2;
  job.tasks_per_node = 4;
  job.gpus_per_node = 4;
  job.cpus_per_task = 8;
  job.memory = "64G";
  job.time_limit = "08:00:00";
  job.partition = "gpu";
  job.account = "film";
  job.dependency = "afterok:4711";
  job.directives = {"--qos=night"};
  EXPECT_THAT(directives_of(batch_script(job)),
              ElementsAre("--job-name=talk", "--nodes=2", "--ntasks-per-node=4", "--gpus-per-node=4",
                          "--cpus-per-task=8", "--mem=64G", "--time=08:00:00", "--partition=gpu",
                          "--account=film", "--dependency=afterok:4711", "--qos=night", "--requeue",
                          "--signal=B:USR1@180", "--open-mode=append", "--output=/films/work/slurm-%j.log"));
}

TEST(BatchScript, TypedGpusReplaceTheirNumber) {
  BatchJob job = smallest_job();
  job.gpus_per_node = 4;
  job.gres = "gpu:a100:4";
  EXPECT_THAT(batch_script(job), AllOf(HasSubstr("--gres=gpu:a100:4"), Not(HasSubstr("--gpus-per-node"))));
}

TEST(BatchScript, BeginsAsSbatchWantsIt) {
  EXPECT_EQ(batch_script(smallest_job()).rfind("#!/bin/bash\n#SBATCH ", 0), 0u);
}

TEST(BatchScript, RunsLongtakeWithEveryRank) {
  BatchJob job = smallest_job();
  job.nodes = 2;
  job.tasks_per_node = 4;
  job.run_options = {"--profile", "4x24gb"};
  EXPECT_THAT(batch_script(job),
              AllOf(HasSubstr("\njobs=('/films/talk.yaml')\nwork_dir='/films/work'\n"),
                    HasSubstr("\ncommand=('/opt/longtake/bin/longtake' run \"${jobs[@]}\" --work-dir "
                              "\"$work_dir\" '--profile' '4x24gb' --ranks 8)\n")));
}

TEST(BatchScript, LetsTheRunStartItsRanksWithSrun) {
  BatchJob job = smallest_job();
  job.nodes = 2;
  job.tasks_per_node = 4;
  job.launch = SlurmLaunch::Srun;
  EXPECT_THAT(batch_script(job), HasSubstr("--work-dir \"$work_dir\" --launch srun --ranks 8)\n"));
}

TEST(BatchScript, AnArrayHasATaskForEachWork) {
  BatchJob job = smallest_job();
  job.is_array = true;
  job.array_at_once = 2;
  job.works = {{{"/films/a.yaml"}, "/films/work/a"}, {{"/films/b.yaml"}, "/films/work/b"}};
  EXPECT_THAT(
      batch_script(job),
      AllOf(HasSubstr("#SBATCH --array=0-1%2\n"), HasSubstr("#SBATCH --output=/films/work/slurm-%A_%a.log\n"),
            HasSubstr("  0) jobs=('/films/a.yaml') work_dir='/films/work/a' ;;\n"),
            HasSubstr("  1) jobs=('/films/b.yaml') work_dir='/films/work/b' ;;\n")));
}

TEST(BatchScript, OddNamesStayWhole) {
  BatchJob job = smallest_job();
  job.log_folder = "/films/100% done";
  job.works = {{{"/films/Ann's $HOME.yaml"}, "/films/100% done"}};
  EXPECT_THAT(batch_script(job), AllOf(HasSubstr(R"(#SBATCH --output="/films/100%% done/slurm-%j.log")"),
                                       HasSubstr(R"(jobs=('/films/Ann'\''s $HOME.yaml'))")));
}

TEST(BatchScript, RefusesWhatADirectiveCannotHold) {
  BatchJob job = smallest_job();
  job.directives = {"--comment=a\nrm -rf /"};
  EXPECT_THROW(batch_script(job), Error);
  job = smallest_job();
  job.partition = "a\"b";
  EXPECT_THROW(batch_script(job), Error);
}

TEST(LogFile, IsWhereTheDirectivePutsIt) {
  BatchJob job = smallest_job();
  EXPECT_EQ(log_file(job, "17"), "/films/work/slurm-17.log");
  job.is_array = true;
  EXPECT_EQ(log_file(job, "17"), "/films/work/slurm-17_TASK.log");
}

}  // namespace
}  // namespace longtake
