// What the core tells about itself.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

TEST(CoreStatus, CountsFinishedSegmentsAndTheFramesOfRunningOnes) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  run.finish(0);
  run.progress(0, 100);
  const JobStatus job = run.core().status(run.now_ms()).jobs.at(0);
  EXPECT_EQ(job.state, "running");
  EXPECT_EQ(job.frames, 16 * 48);
  EXPECT_EQ(job.frames_done, 8 * 48 + 100);
  EXPECT_EQ(job.clips_done, 8);
  EXPECT_EQ(job.clips, 16);
  EXPECT_EQ(job.segments_done, 1);
  EXPECT_EQ(job.segments, 2);
}

TEST(CoreStatus, ProgressNeverGoesBackWithinAnAttemptAndEndsWithIt) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  run.progress(0, 100);
  run.progress(0, 60);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].frames_done, 100);
  run.give_up(0);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].frames_done, 0);
}

TEST(CoreStatus, AFinishedSegmentsFramesAreCountedOnce) {
  CoreRun run({make_job(1, {{8}, {8}})}, single_ranks(1));
  run.start();
  run.progress(0, 8 * 48);
  run.finish(0);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].frames_done, 8 * 48);
}

TEST(CoreStatus, TellsTheTimeThatIsLeftFromTheRate) {
  CoreRun run({make_job(1, {{8, 8}})}, single_ranks(1));
  run.start();
  EXPECT_EQ(run.core().status(run.now_ms()).eta_s, -1);
  run.progress(0, 10);
  run.wait(1000);
  run.progress(0, 68);
  const RunStatus status = run.core().status(run.now_ms());
  EXPECT_DOUBLE_EQ(status.frames_per_second, 68.0);
  EXPECT_DOUBLE_EQ(status.eta_s, (16 * 48 - 68) / 68.0);
  EXPECT_DOUBLE_EQ(status.jobs[0].eta_s, status.eta_s);
}

TEST(CoreStatus, NamesWhatEachGroupDoes) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(4));
  run.start_without_ranks();
  run.join(0);
  run.join(1);
  run.join(2);
  run.leave(2);
  run.progress(0, 10);
  const auto groups = run.core().status(run.now_ms()).groups;
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_EQ(groups[0].state, "busy");
  EXPECT_EQ(groups[0].job, "job-1");
  EXPECT_EQ(groups[0].clips, (Interval{0, 8}));
  EXPECT_EQ(groups[0].frames_done, 10);
  EXPECT_EQ(groups[0].frames, 8 * 48);
  EXPECT_EQ(groups[1].state, "idle");
  EXPECT_EQ(groups[2].state, "lost");
  EXPECT_EQ(groups[3].state, "waiting");
}

TEST(CoreStatus, KeepsTheNewestEvents) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(1));
  run.start();
  for (int i = 0; i < 100; ++i) {
    run.disk_full();
    run.disk_has_room();
  }
  const auto events = run.core().status(run.now_ms()).events;
  EXPECT_EQ(events.size(), 20U);
  EXPECT_EQ(events.back().text, "the disk has room again, going on");
}

TEST(CoreStatus, AResumedRunsRateCountsOnlyWhatItMadeItself) {
  RunJob job = make_job(1, {{8, 8}});
  mark_finished(job, 0);
  CoreRun run({job}, single_ranks(1));
  run.start();
  const RunStatus status = run.core().status(run.now_ms());
  EXPECT_EQ(status.jobs[0].frames_done, 8 * 48);
  EXPECT_EQ(status.frames_per_second, 0);
}

}  // namespace
}  // namespace longtake
