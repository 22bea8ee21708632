// Groups of several ranks: who gets which stage, what one rank's fault means for the others, and what becomes
// of groups that lose ranks.
#include <gmock/gmock.h>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<RunGroup> pairs(int count) {
  std::vector<RunGroup> groups;
  for (int i = 0; i < count; ++i) groups.push_back({GroupId{i}, {RankId{2 * i}, RankId{2 * i + 1}}, "node"});
  return groups;
}

void expect_nothing(const Actions& actions) {
  EXPECT_THAT(actions.changes, IsEmpty());
  EXPECT_THAT(actions.sends, IsEmpty());
  EXPECT_FALSE(actions.end.has_value());
}

RunJob pair_job(std::int64_t id, const std::vector<std::vector<int>>& ranges) {
  return in_stages(make_job(id, ranges), 2);
}

std::vector<std::string> notes_of(const Actions& actions) {
  std::vector<std::string> texts;
  for (const EventNoted& note : changes_of<EventNoted>(actions)) texts.push_back(note.text);
  return texts;
}

TEST(CoreGroups, WorkOnceAllTheirRanksAreThereAndAllAreOrderedTheirStage) {
  CoreRun run({pair_job(1, {{8}})}, pairs(1));
  run.start_without_ranks();
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(1)), IsEmpty());
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), ElementsAre(0, 1));
  EXPECT_EQ(run.order(0).attempt, run.order(1).attempt);
  EXPECT_EQ(run.order(0).share.stage, 0);
  EXPECT_EQ(run.order(1).share.stage, 1);
  EXPECT_EQ(run.order(1).share.layout.ranks(), 2);
}

TEST(CoreGroups, MeetAtAPlaceOfTheirOwnForEveryAttempt) {
  CoreRun run({pair_job(1, {{8}, {8}})}, pairs(2));
  run.start();
  EXPECT_EQ(run.order(0).share.meeting, "/tmp/meet/1");
  EXPECT_EQ(run.order(1).share.meeting, "/tmp/meet/1");
  EXPECT_EQ(run.order(3).share.meeting, "/tmp/meet/2");
}

TEST(CoreGroups, GiveWorkThatNeedsOneEngineToTheLastRank) {
  CoreRun run({make_job(1, {{8, 8}})}, pairs(1));
  EXPECT_THAT(receivers_of<GenerateSegment>(run.start()), ElementsAre(1));
  EXPECT_EQ(run.order(1).share.stage, 0);
  EXPECT_EQ(run.order(1).share.meeting, "");
  EXPECT_THAT(receivers_of<GenerateSegment>(run.finish(1)), ElementsAre(1));
}

TEST(CoreGroups, FinishTheirSegmentWithTheLastRankOnly) {
  CoreRun run({pair_job(1, {{8, 8}})}, pairs(1));
  run.start();
  expect_nothing(run.keep(run.core().on_attempt_finished(run.finished_report(0), run.now_ms())));
  const Actions actions = run.finish(1);
  EXPECT_EQ(changes_of<AttemptSucceeded>(actions).size(), 1U);
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(0, 1));
}

TEST(CoreGroups, AreNotHeldUpByAStageThatIsDoneEarlierOrLater) {
  CoreRun run({pair_job(1, {{8, 8}})}, pairs(1));
  run.start();
  expect_nothing(run.stage_done(0));
  EXPECT_EQ(changes_of<AttemptSucceeded>(run.finish(1)).at(0).peak_bytes, 2000) << "the larger of both";
  StageFinished late;
  late.epoch = kEpoch;
  late.attempt = AttemptId{1};
  late.rank = RankId{0};
  expect_nothing(run.keep(run.core().on_stage_finished(late, run.now_ms())));
  const auto subject = run.core().subject_of(kEpoch, AttemptId{1});
  ASSERT_TRUE(subject) << "for the log";
  EXPECT_EQ(subject->clips, (Interval{0, 8}));
  EXPECT_EQ(run.core().subject_of(kEpoch, AttemptId{2})->clips, (Interval{8, 16}));
  EXPECT_FALSE(run.core().subject_of(kEpoch, AttemptId{3}));
}

TEST(CoreGroups, ProgressIsTheMeanOfTheStages) {
  CoreRun run({pair_job(1, {{8}})}, pairs(1));
  run.start();
  run.progress(0, 200);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].frames_done, 100);
  run.progress(1, 100);
  EXPECT_EQ(run.core().status(run.now_ms()).jobs[0].frames_done, 150);
}

TEST(CoreGroups, AFailureOfOneRankCancelsTheOthers) {
  CoreRun run({pair_job(1, {{8}})}, pairs(2));
  run.start();
  EXPECT_THAT(receivers_of<CancelAttempt>(run.fail(0, ErrorKind::Io)), ElementsAre(1));
}

TEST(CoreGroups, ALostDeviceIsChargedOnceAllRanksHaveAnswered) {
  CoreRun run({pair_job(1, {{8}})}, pairs(2));
  run.start();
  const Actions first = run.fail(0, ErrorKind::DeviceLost, "killed by signal 9");
  EXPECT_THAT(receivers_of<CancelAttempt>(first), ElementsAre(1));
  EXPECT_THAT(changes_of<AttemptEnded>(first), IsEmpty());
  const Actions last = run.fail(1, ErrorKind::DeviceLost, "stage 0 is gone");
  ASSERT_EQ(changes_of<AttemptEnded>(last).size(), 1U);
  EXPECT_EQ(changes_of<AttemptEnded>(last)[0].message, "killed by signal 9; rank 1: stage 0 is gone");
  EXPECT_THAT(receivers_of<GenerateSegment>(last), ElementsAre(2, 3)) << "elsewhere first";
}

TEST(CoreGroups, TheCauseIsTheAnswerThatSaysMore) {
  CoreRun run({pair_job(1, {{8}})}, pairs(1));
  run.start();
  run.fail(0, ErrorKind::DeviceLost, "stage 1 is gone");
  const Actions actions = run.fail(1, ErrorKind::DiskFull, "no room");
  EXPECT_EQ(changes_of<AttemptEnded>(actions).at(0).kind, ErrorKind::DiskFull);
  EXPECT_TRUE(run.core().is_waiting_for_disk());
}

TEST(CoreGroups, AStageThatIsDoneOrCancelledCountsAsAnAnswer) {
  CoreRun done({pair_job(1, {{8}})}, pairs(1));
  done.start();
  done.fail(1, ErrorKind::DeviceLost);
  EXPECT_EQ(changes_of<AttemptEnded>(done.stage_done(0)).at(0).to, AttemptState::Failed);
  CoreRun cancelled({pair_job(1, {{8}})}, pairs(1));
  cancelled.start();
  cancelled.fail(1, ErrorKind::DeviceLost, "killed by signal 9");
  const auto ended = changes_of<AttemptEnded>(cancelled.give_up(0));
  EXPECT_EQ(ended.at(0).to, AttemptState::Failed);
  EXPECT_EQ(ended.at(0).message, "killed by signal 9");
}

TEST(CoreGroups, ASegmentThatIsWrittenAllTheSameIsKept) {
  CoreRun run({pair_job(1, {{8}})}, pairs(1));
  run.start();
  run.fail(0, ErrorKind::DeviceLost);
  EXPECT_EQ(changes_of<AttemptSucceeded>(run.finish(1)).size(), 1U);
}

TEST(CoreGroups, OneFaultIsOneTry) {
  CoreLimits limits;
  limits.tries_per_segment = 2;
  CoreRun run({pair_job(1, {{8}})}, pairs(1), limits);
  run.start();
  run.fail(0, ErrorKind::DeviceLost);
  run.fail(1, ErrorKind::DeviceLost);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Running);
  run.fail(0, ErrorKind::DeviceLost);
  run.fail(1, ErrorKind::DeviceLost);
  EXPECT_EQ(run.core().job(JobId{1}).state, JobState::Failed);
}

TEST(CoreGroups, ALostRankCancelsTheOthersOfItsGroupWhichWaitForIt) {
  CoreRun run({pair_job(1, {{8}, {8}})}, pairs(2));
  run.start();
  const Actions lost = run.leave(1);
  EXPECT_THAT(receivers_of<CancelAttempt>(lost), ElementsAre(0));
  EXPECT_EQ(changes_of<AttemptEnded>(lost).size(), 1U);
  EXPECT_THAT(receivers_of<GenerateSegment>(lost), IsEmpty());
  EXPECT_EQ(run.core().status(run.now_ms()).groups[0].state, "lost");
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(1)), ElementsAre(0, 1));
}

TEST(CoreGroups, RanksThatAreLeftOfTwoGroupsMakeOne) {
  CoreRun run({pair_job(1, {{8}, {8}})}, pairs(2));
  run.start();
  run.leave(0);
  const Actions second = run.leave(3);
  EXPECT_THAT(notes_of(second), testing::Contains("rank 2 takes the place of rank 0 in group 0"));
  EXPECT_THAT(receivers_of<GenerateSegment>(second), ElementsAre(2, 1));
  EXPECT_EQ(run.order(2).share.stage, 0);
  EXPECT_EQ(run.core().status(run.now_ms()).groups[1].state, "lost");
  // The lost ones now belong to the other group, and make it whole when they come back.
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), IsEmpty());
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(3)), UnorderedElementsAre(0, 3));
}

TEST(CoreGroups, ARankThatComesBackMayMakeAGroupWhole) {
  CoreRun run({in_stages(make_job(1, {{8}, {8}, {8}}), 3)},
              {{GroupId{0}, {RankId{0}, RankId{1}, RankId{2}}, "node"},
               {GroupId{1}, {RankId{3}, RankId{4}, RankId{5}}, "node"},
               {GroupId{2}, {RankId{6}, RankId{7}, RankId{8}}, "node"}});
  run.start();
  for (const int rank : {0, 1, 3, 4}) run.leave(rank);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.join(0)), UnorderedElementsAre(0, 2, 5));
}

TEST(CoreGroups, RanksOfAnotherHostTakeNoPlaces) {
  std::vector<RunGroup> groups = pairs(2);
  groups[1].host = "far";
  CoreRun run({pair_job(1, {{8}, {8}})}, groups);
  run.start();
  run.leave(0);
  EXPECT_THAT(receivers_of<GenerateSegment>(run.leave(3)), IsEmpty());
}

TEST(CoreGroups, RanksThatHaveNotComeYetAreWaitedFor) {
  CoreRun run({pair_job(1, {{8}, {8}})}, pairs(2));
  run.start_without_ranks();
  run.join(0);
  run.join(2);
  EXPECT_THAT(notes_of(run.leave(0)), testing::Not(testing::Contains(testing::HasSubstr("takes the place"))));
}

TEST(CoreGroups, ARankThatStartsOverCancelsTheAttemptOfItsGroup) {
  CoreRun run({pair_job(1, {{8}})}, pairs(1));
  run.start();
  const Actions actions = run.join(0);
  EXPECT_THAT(receivers_of<CancelAttempt>(actions), ElementsAre(0, 1));
  EXPECT_THAT(receivers_of<GenerateSegment>(actions), ElementsAre(0, 1));
}

TEST(CoreGroups, CancellingAJobTellsAllRanksOfAGroup) {
  CoreRun run({pair_job(1, {{8}, {8}}), make_job(2, {{1}})}, pairs(2));
  run.start();
  EXPECT_THAT(receivers_of<CancelAttempt>(run.fail(1, ErrorKind::Bug)), UnorderedElementsAre(0, 2, 3));
}

}  // namespace
}  // namespace longtake
