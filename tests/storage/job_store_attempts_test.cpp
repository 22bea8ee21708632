// Attempts: what their ends change, and what is told of them.
#include <gmock/gmock.h>

#include "tests/storage/job_store_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;

TEST_F(JobStoreRun, AnEndedAttemptPutsItsSegmentBack) {
  start(1, segment(0, 0));
  save({AttemptEnded{{1}, segment(0, 0), AttemptState::Failed, ErrorKind::DeviceLost, "signal 9", kNow_ms}});
  EXPECT_EQ(stored(0, 0).state, SegmentState::Pending);
  close();
  EXPECT_EQ(value("SELECT state||' '||error_kind||' '||message||' '||ended_at FROM attempts"),
            std::string("failed device_lost signal 9 ") + kNow);
}

TEST_F(JobStoreRun, TheMeasuredPeakOfAFailedAttemptIsKept) {
  start(1, segment(0, 0));
  save({AttemptEnded{{1},
                     segment(0, 0),
                     AttemptState::Failed,
                     ErrorKind::OutOfMemory,
                     "no memory",
                     kNow_ms,
                     8'000'000'000}});
  EXPECT_EQ(store_->summarize_attempts(job_.id).peak_bytes, 8'000'000'000);
}

TEST_F(JobStoreRun, FailuresAreToldOnceEachNewestFirst) {
  const auto fail = [&](std::int64_t attempt, AttemptState to, const std::string& message) {
    start(attempt, segment(0, 0));
    save({AttemptEnded{{attempt}, segment(0, 0), to, ErrorKind::DeviceLost, message, kNow_ms}});
  };
  fail(1, AttemptState::Failed, "signal 9");
  fail(2, AttemptState::Lost, "rank 1 is gone");
  fail(3, AttemptState::Failed, "signal 9");
  fail(4, AttemptState::Cancelled, "drained");
  EXPECT_EQ(store_->last_failures(epoch_, 5), (std::vector<std::string>{"signal 9", "rank 1 is gone"}));
  EXPECT_EQ(store_->last_failures(epoch_, 1), std::vector<std::string>{"signal 9"});
  EXPECT_TRUE(store_->last_failures(Epoch{epoch_.value + 1}, 5).empty());
}

TEST_F(JobStoreRun, AttemptIdsGoOnWhereTheyWere) {
  EXPECT_EQ(store_->next_attempt(), AttemptId{1});
  start(1, segment(0, 0));
  start(2, segment(1, 0));
  reopen();
  EXPECT_EQ(store_->next_attempt(), AttemptId{3});
}

TEST_F(JobStoreRun, AKilledRunsAttemptsAreLostAndItsSegmentsPending) {
  start(1, segment(0, 0));
  save({AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms}});
  start(2, segment(0, 1));
  start(3, segment(1, 0));
  reopen();  // nothing was ended: as after SIGKILL
  EXPECT_EQ(stored(0, 1).state, SegmentState::Running);
  EXPECT_EQ(store_->begin_run("node", 2, "cpu", kNow_ms + 1000), Epoch{epoch_.value + 1});
  EXPECT_EQ(stored(0, 0).state, SegmentState::Finished);
  EXPECT_EQ(stored(0, 1).state, SegmentState::Pending);
  EXPECT_EQ(stored(1, 0).state, SegmentState::Pending);
  const AttemptSummary summary = store_->summarize_attempts(job_.id);
  EXPECT_EQ(summary.finished, 1);
  EXPECT_EQ(summary.lost, 2);
}

TEST_F(JobStoreRun, AnAdoptedSegmentIsFinishedAndSoIsItsLastAttempt) {
  start(1, segment(0, 0));
  save({AttemptEnded{{1}, segment(0, 0), AttemptState::Failed, ErrorKind::Io, "no", kNow_ms}});
  start(2, segment(0, 0));
  store_->begin_run("node", 2, "cpu", kNow_ms);
  save({SegmentAdopted{segment(0, 0), kFacts, kNow_ms}});
  EXPECT_EQ(stored(0, 0).state, SegmentState::Finished);
  EXPECT_EQ(stored(0, 0).facts, kFacts);
  const AttemptSummary summary = store_->summarize_attempts(job_.id);
  EXPECT_EQ(summary.started, 2);
  EXPECT_EQ(summary.finished, 1);
  EXPECT_EQ(summary.failed, 1);
}

TEST_F(JobStoreRun, ASegmentWithoutAnAttemptCanBeAdopted) {
  save({SegmentAdopted{segment(1, 0), kFacts, kNow_ms}});
  EXPECT_EQ(stored(1, 0).facts, kFacts);
  EXPECT_EQ(store_->summarize_attempts(job_.id).started, 0);
}

TEST_F(JobStoreRun, AttemptsAreSummedUp) {
  EXPECT_EQ(store_->summarize_attempts(job_.id).started, 0);
  start(1, segment(0, 0));
  save({AttemptEnded{{1}, segment(0, 0), AttemptState::Failed, ErrorKind::DeviceLost, "signal 9", kNow_ms}});
  start(2, segment(0, 0));
  save({AttemptEnded{{2}, segment(0, 0), AttemptState::Cancelled, ErrorKind::DeviceLost, "drain", kNow_ms}});
  start(3, segment(0, 0));
  save({AttemptSucceeded{{3}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms}});
  start(4, segment(1, 0));
  save({AttemptSucceeded{{4}, segment(1, 0), kFacts, 1.5, 8192, kNow_ms}});
  const AttemptSummary summary = store_->summarize_attempts(job_.id);
  EXPECT_EQ(summary.started, 4);
  EXPECT_EQ(summary.finished, 2);
  EXPECT_EQ(summary.failed, 1);
  EXPECT_EQ(summary.cancelled, 1);
  EXPECT_EQ(summary.lost, 0);
  EXPECT_DOUBLE_EQ(summary.seconds, 4.0);
  EXPECT_EQ(summary.peak_bytes, 8192);
  EXPECT_THAT(summary.messages, ElementsAre("clips 0:8 failed: signal 9"));
}

}  // namespace
}  // namespace longtake
