// Groups of another size than was planned: larger ones when memory was too little, smaller ones of the ranks
// that are left.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t kBeyondHope_ms = kSchedulerSilence_ms + 1;

/// A job planned for groups of `planned` ranks which also fits groups of each number in `fitting`.
RunJob job_for(std::int64_t id, const std::vector<std::vector<int>>& ranges, int planned,
               const std::vector<int>& fitting) {
  RunJob job = in_stages(make_job(id, ranges), planned);
  for (const int ranks : fitting) job.shares[ranks] = {layers_layout(40, 4, ranks), {}};
  return job;
}

std::vector<RunGroup> groups_of(int ranks, int count, const std::string& host = "node") {
  std::vector<RunGroup> groups;
  for (int g = 0; g < count; ++g) {
    RunGroup group{GroupId{g}, {}, host};
    for (int r = 0; r < ranks; ++r) group.ranks.push_back(RankId{g * ranks + r});
    groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<std::string> notes_of(const Actions& actions) {
  std::vector<std::string> texts;
  for (const EventNoted& note : changes_of<EventNoted>(actions)) texts.push_back(note.text);
  return texts;
}

// Out of memory.

TEST(CoreMemory, TooLittleOfItLeadsToTheNextLayoutOfARebuiltGroup) {
  CoreRun run({job_for(1, {{8, 8}}, 1, {1, 2})}, groups_of(1, 2));
  run.start();
  const Actions actions = run.fail(0, ErrorKind::OutOfMemory);
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(0, 1));
  EXPECT_EQ(run.order(0).share.layout.ranks(), 2);
  EXPECT_EQ(run.order(1).share.stage, 1);
  EXPECT_THAT(notes_of(actions), Contains("clips 0:8: there is too little memory for single, going on as "
                                          "layers x 2"));
  EXPECT_EQ(run.core().share_of(JobId{1}).stages(), 2) << "for the report";
  run.finish(1);
  run.finish(1);
  run.film_joined(1);
  EXPECT_EQ(run.exit_code(), 0);
}

TEST(CoreMemory, TheMeasuredPeakOfTheFailedAttemptIsSaved) {
  CoreRun run({job_for(1, {{8}}, 1, {1, 2})}, groups_of(1, 2));
  run.start();
  AttemptFailed report = run.failed_report(0, ErrorKind::OutOfMemory);
  report.peak_bytes = 8'000'000'000;
  const auto ended = changes_of<AttemptEnded>(run.keep(run.core().on_attempt_failed(report, run.now_ms())));
  EXPECT_EQ(ended.at(0).peak_bytes, 8'000'000'000);
}

TEST(CoreMemory, GroupsAreRebuiltWhenTheyHaveFinishedWhatTheyMake) {
  CoreRun run({job_for(1, {{8}}, 1, {1, 2}), make_job(2, {{8, 8}})}, groups_of(1, 2));
  run.start();
  EXPECT_THAT(receivers_of<GenerateSegment>(run.fail(1, ErrorKind::OutOfMemory)), IsEmpty());
  EXPECT_THAT(receivers_of<GenerateSegment>(run.finish(0)), ElementsAre(0, 1)) << "nothing was cancelled";
  EXPECT_EQ(run.job_of(1), "job-1");
  EXPECT_EQ(run.exit_code(), std::nullopt);
}

TEST(CoreMemory, AGroupThatIsLargeEnoughIsTakenAsItIs) {
  CoreRun run({job_for(1, {{8}}, 1, {1, 2})}, groups_of(2, 1));
  run.start();
  EXPECT_EQ(run.order(1).share.layout.ranks(), 2) << "all ranks of the group share the work";
}

TEST(CoreMemory, SeveralAttemptsThatFindItOutAreOneReason) {
  CoreRun run({job_for(1, {{8}, {8}}, 1, {1, 2})}, groups_of(1, 2));
  run.start();
  run.fail(0, ErrorKind::OutOfMemory);
  const Actions second = run.fail(1, ErrorKind::OutOfMemory);
  EXPECT_THAT(receivers_of<GenerateSegment>(second), ElementsAre(0, 1));
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Running);
}

TEST(CoreMemory, GroupsThatAreToBecomeOneMayBecomeALargerOne) {
  CoreRun run(
      {job_for(1, {{8}}, 1, {1, 2}), job_for(2, {{8}}, 1, {1, 4}), make_job(3, {{8}}), make_job(4, {{8}})},
      groups_of(1, 4));
  run.start();
  run.fail(0, ErrorKind::OutOfMemory);  // held, with rank 1, for two
  run.fail(1, ErrorKind::OutOfMemory);
  EXPECT_EQ(run.core().job(JobId{2}).state, JobState::Running) << "there are four ranks";
  run.finish(2);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.finish(3)), ElementsAre(2, 3));
  EXPECT_THAT(receivers_of<GenerateSegment>(run.finish(3)), ElementsAre(0, 1, 2, 3));
}

TEST(CoreMemory, ARankThatMayComeBackCountsAsOneForALargerGroup) {
  CoreRun run({job_for(1, {{8}}, 1, {1, 2})}, groups_of(1, 2));
  run.start();
  run.tick_after(2000);
  run.alive(0);
  run.tick_after(kRankSilence_ms - 1000);  // rank 1 is lost
  run.alive(0);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.fail(0, ErrorKind::OutOfMemory)), IsEmpty());
  EXPECT_EQ(run.exit_code(), std::nullopt);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(1)), ElementsAre(0, 1));
}

TEST(CoreMemory, WhenItDoesNotComeTheRunEndsAndTheJobIsTheNextOnes) {
  CoreRun run({job_for(1, {{8}}, 1, {1, 2})}, groups_of(1, 2));
  run.start();
  run.tick_after(2000);
  run.alive(0);
  run.tick_after(kRankSilence_ms - 1000);  // rank 1 is lost
  run.alive(0);
  run.fail(0, ErrorKind::OutOfMemory);
  for (std::int64_t waited_ms = 0; waited_ms <= kSchedulerSilence_ms; waited_ms += 1000) {
    run.alive(0);
    run.tick_after(1000);
  }
  EXPECT_EQ(run.exit_code(), 75);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Running);
}

TEST(CoreMemory, TooLittleInTheLargestLayoutFailsTheJob) {
  CoreRun run({job_for(1, {{8}}, 1, {1, 2})}, groups_of(1, 2));
  run.start();
  run.fail(0, ErrorKind::OutOfMemory);
  run.fail(0, ErrorKind::OutOfMemory);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Failed);
  EXPECT_EQ(run.exit_code(), 1);
}

TEST(CoreMemory, WithoutTheRanksForMoreTheJobFails) {
  std::vector<RunGroup> groups = groups_of(1, 2);
  groups[1].host = "far";
  CoreRun run({job_for(1, {{8}}, 1, {1, 2})}, groups);
  run.start();
  run.fail(0, ErrorKind::OutOfMemory);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Failed);
}

// Ranks that are left.

TEST(CoreRegroup, RanksThatAreLeftGoOnInASmallerLayout) {
  CoreRun run({job_for(1, {{8, 8}}, 3, {2, 3})}, groups_of(3, 1));
  run.start();
  const Actions actions = run.leave(1);
  EXPECT_THAT(receivers_of<CancelAttempt>(actions), ElementsAre(0, 2));
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(0, 2));
  EXPECT_EQ(run.order(2).share.layout.ranks(), 2);
  EXPECT_THAT(notes_of(actions), Contains("group 0 on node goes on with ranks 0, 2"));
}

TEST(CoreRegroup, ARankThatFellSilentIsWaitedForFirst) {
  CoreRun run({job_for(1, {{8}}, 2, {1, 2})}, groups_of(2, 1));
  run.start();
  for (std::int64_t waited_ms = 0; waited_ms < kSchedulerSilence_ms; waited_ms += 1000) {
    run.alive(0);
    EXPECT_THAT(receivers_of<GenerateSegment>(run.tick_after(1000)), IsEmpty());
  }
  run.alive(0);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.tick_after(1)), ElementsAre(0));
  EXPECT_EQ(run.order(0).share.layout.ranks(), 1);
}

TEST(CoreRegroup, RanksOfSeveralBrokenGroupsMakeOneTogether) {
  CoreRun run({job_for(1, {{8}, {8}}, 4, {3, 4})}, groups_of(4, 2));
  run.start();
  for (const int rank : {0, 1, 4, 5}) run.leave(rank);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.leave(6)), ElementsAre(2, 3, 7));
}

TEST(CoreRegroup, WithoutALayoutForThoseLeftTheRunEnds) {
  CoreRun run({job_for(1, {{8}}, 3, {3})}, groups_of(3, 1));
  run.start();
  run.leave(1);
  EXPECT_EQ(run.exit_code(), 75);
}

TEST(CoreRegroup, ARankThatComesBackAfterAllWorksAloneWhenItCan) {
  CoreRun run({job_for(1, {{8}, {8}}, 2, {1, 2})}, groups_of(2, 1));
  run.start();
  run.leave(1);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(1)), ElementsAre(1));
  EXPECT_THAT(run.core().status(run.now_ms()).groups, SizeIs(2));
}

TEST(CoreRegroup, AGroupThatIsToGrowAndLosesARankGoesOnWithTheRest) {
  CoreRun run({job_for(1, {{8}}, 1, {1, 2, 3}), make_job(2, {{8}})}, groups_of(1, 2));
  run.start();
  run.fail(0, ErrorKind::OutOfMemory);
  run.leave(0);
  run.finish(1);
  run.film_joined(2);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Running);
  EXPECT_EQ(run.exit_code(), 75) << "one rank is too little for what is left";
}

TEST(CoreRegroup, ADrainMendsNothing) {
  CoreRun run({job_for(1, {{8}, {8}}, 2, {1, 2})}, groups_of(2, 2));
  run.start();
  run.drain();
  EXPECT_THAT(receivers_of<GenerateSegment>(run.leave(1)), IsEmpty());
}

}  // namespace
}  // namespace longtake
