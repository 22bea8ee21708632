#include "rank/launch/srun_command.h"

#include <gmock/gmock.h>

#include "jobs/error.h"

namespace longtake {
namespace {

using testing::Contains;
using testing::ElementsAre;

LaunchOptions launch(int ranks) {
  LaunchOptions options;
  options.ranks = ranks;
  options.program = {"/opt/longtake", "run", "a.yaml"};
  return options;
}

TEST(SrunCommand, StartsEveryRankAndLetsThemEndAlone) {
  EXPECT_THAT(srun_command(launch(8), {}),
              ElementsAre("srun", "--ntasks=8", "--mpi=pmix", "--kill-on-bad-exit=0", "--wait=0",
                          "--export=ALL", "/opt/longtake", "run", "a.yaml"));
}

TEST(SrunCommand, GivesAStepTheProcessorsOfTheJob) {
  EXPECT_THAT(srun_command(launch(2), {{"SLURM_CPUS_PER_TASK", "6"}}), Contains("--cpus-per-task=6"));
}

TEST(SrunCommand, TakesAnotherPluginByItsName) {
  EXPECT_THAT(srun_command(launch(2), {{"SLURM_MPI_TYPE", "pmix_v4"}}), Contains("--mpi=pmix_v4"));
  EXPECT_THAT(srun_command(launch(2), {{"SLURM_MPI_TYPE", ""}}), Contains("--mpi=pmix"));
}

TEST(SrunCommand, RefusesToStartNothing) {
  EXPECT_THROW(srun_command(launch(0), {}), Error);
  EXPECT_THROW(srun_command(LaunchOptions{}, {}), Error);
}

}  // namespace
}  // namespace longtake
