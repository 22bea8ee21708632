#include "scheduler/explain.h"

#include <gmock/gmock.h>

#include "jobs/error.h"
#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Explain, AJobOfAnotherNameIsRefusedWithThoseThatAreThere) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  try {
    explain(run.core().status(run.now_ms()), "walk");
    FAIL() << "it was explained";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), AllOf(HasSubstr("'walk'"), HasSubstr("job-1")));
  }
}

TEST(Explain, AFailedJobHasItsReasonACauseAndARemedy) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.fail(0, ErrorKind::OutOfMemory, "no memory left for a segment of 720x400");
  EXPECT_THAT(explain(run.core().status(run.now_ms()), "job-1"),
              AllOf(HasSubstr("no memory left for a segment of 720x400"),
                    HasSubstr("less memory than a segment of this size takes"), HasSubstr("longtake plan")));
}

TEST(Explain, AJobThatGoesOnAfterAFaultSaysWhatItWas) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  run.fail(0, ErrorKind::DeviceLost, "no progress for 60 s after 24 frames");
  EXPECT_THAT(explain(run.core().status(run.now_ms()), "job-1"),
              AllOf(HasSubstr("is running"), HasSubstr("The engine hung"), HasSubstr("tried again")));
}

TEST(Explain, AJobThatWaitsForADiskSaysSo) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.disk_full();
  EXPECT_THAT(explain(run.core().status(run.now_ms()), "job-1"), HasSubstr("make room"));
}

TEST(Explain, AJobOfAKilledRunSaysHowToGoOn) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  RunStatus status = run.core().status(run.now_ms());
  status.is_running = false;
  EXPECT_THAT(explain(status, "job-1"), HasSubstr("its run was killed; run again to go on"));
}

TEST(Explain, AJobOfAnEndedRunSaysHowItEndedAndWhy) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  RunStatus status = run.core().status(run.now_ms());
  status.is_running = false;
  status.exit_code = 75;
  status.message = "drained (signal USR1); run again to go on";
  EXPECT_THAT(explain(status, "job-1"),
              AllOf(HasSubstr("drained (signal USR1)"), HasSubstr("by Slurm before its time limit")));
}

TEST(Explain, AJobThatIsMadeSmallerThanAskedSaysSo) {
  RunJob job = make_job(1, {{8}});
  job.stored.size = {384, 640};
  job.stored.identity_of = R"({"size":[384,704]})";
  CoreRun run({job}, single_ranks(1));
  run.start();
  EXPECT_THAT(explain(run.core().status(run.now_ms()), "job-1"),
              AllOf(HasSubstr("is running"), HasSubstr("It is made at 640*384 because there was too little "
                                                       "memory for the 704*384 asked for")));
}

}  // namespace
}  // namespace longtake
