#include "rank/launch/mpirun_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

LaunchOptions launch(int ranks, int processors) {
  LaunchOptions options;
  options.ranks = ranks;
  options.processors = processors;
  options.program = {"/opt/longtake", "run", "a.yaml"};
  return options;
}

TEST(MpirunCommand, StartsTheProgramWithRecoveryAndUnbound) {
  EXPECT_THAT(mpirun_command(launch(2, 8)), ElementsAre("mpirun", "-n", "2", "--enable-recovery", "--bind-to",
                                                        "none", "/opt/longtake", "run", "a.yaml"));
}

TEST(MpirunCommand, AllowsMoreRanksThanProcessors) {
  EXPECT_THAT(mpirun_command(launch(4, 2)), Contains("--oversubscribe"));
  EXPECT_THAT(mpirun_command(launch(4, 8)), Not(Contains("--oversubscribe")));
}

TEST(MpirunCommand, RunsAsRootInContainers) {
  LaunchOptions options = launch(2, 64);
  options.is_root = true;
  EXPECT_THAT(mpirun_command(options), Contains("--allow-run-as-root"));
  EXPECT_THAT(mpirun_command(options), Contains("--oversubscribe"));
  EXPECT_THAT(mpirun_command(launch(2, 64)), Not(Contains("--allow-run-as-root")));
}

TEST(MpirunCommand, ExportsVariablesBeforeTheProgram) {
  LaunchOptions options = launch(1, 8);
  options.exported_variables = {"A", "B"};
  EXPECT_THAT(mpirun_command(options),
              ElementsAre("mpirun", "-n", "1", "--enable-recovery", "--bind-to", "none", "-x", "A", "-x", "B",
                          "/opt/longtake", "run", "a.yaml"));
}

TEST(MpirunCommand, PutsOneRankOnEachHostWhenAsked) {
  LaunchOptions options = launch(4, 8);
  EXPECT_THAT(mpirun_command(options), Not(Contains("--map-by")));
  options.one_per_host = true;
  EXPECT_THAT(mpirun_command(options), testing::IsSupersetOf({"--map-by", "node"}));
}

TEST(MpirunCommand, RefusesToStartNothing) {
  EXPECT_THROW(mpirun_command(launch(0, 8)), Error);
  EXPECT_THROW(mpirun_command(LaunchOptions{}), Error);
}

TEST(MpiLauncher, IsTheOneThatStartedUs) {
  EXPECT_TRUE(is_under_mpi_launcher({{"OMPI_COMM_WORLD_SIZE", "4"}}));
  EXPECT_TRUE(is_under_mpi_launcher({{"PMIX_RANK", "0"}, {"SLURM_STEP_ID", "0"}}));
  EXPECT_TRUE(is_under_mpi_launcher({{"PMI_RANK", "1"}}));
  EXPECT_TRUE(is_under_mpi_launcher({{"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "8"}}));
}

/// srun gives a single task what it gives a shell; only who started it knows.
TEST(MpiLauncher, IsTheOneThatStartedASingleRank) {
  EXPECT_TRUE(is_under_mpi_launcher({{kUnderLauncherVariable, "1"},
                                     {"SLURM_STEP_ID", "0"},
                                     {"SLURM_STEP_NUM_TASKS", "1"},
                                     {"PMIX_RANK", "0"}}));
}

TEST(MpiLauncher, IsNotAShellOrABatchScript) {
  EXPECT_FALSE(is_under_mpi_launcher({}));
  EXPECT_FALSE(is_under_mpi_launcher({{"SLURM_JOB_ID", "7"}, {"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "8"}}));
  EXPECT_FALSE(
      is_under_mpi_launcher({{"SLURM_STEP_ID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}, {"PMIX_RANK", "0"}}));
}

}  // namespace
}  // namespace longtake
