// Jobs, segments, runs, events: what is stored comes back.
#include <gmock/gmock.h>

#include "jobs/error.h"
#include "tests/storage/job_store_run.h"

namespace longtake {
namespace {

using testing::ElementsAre;

TEST_F(JobStoreFile, AJobComesBackAsItWasStored) {
  const StoredJob job = made_up_job("news");
  const StoredJob added = open().add_job(job, kNow_ms);
  const std::vector<StoredJob> loaded = open().load_jobs();
  ASSERT_EQ(loaded.size(), 1U);
  for (const StoredJob& back : {added, loaded[0]}) {
    EXPECT_TRUE(back.id.is_set());
    EXPECT_EQ(back.name, job.name);
    EXPECT_EQ(back.identity, job.identity);
    EXPECT_EQ(back.identity_of, job.identity_of);
    EXPECT_EQ(back.engine, job.engine);
    EXPECT_EQ(back.state, JobState::Pending);
    EXPECT_EQ(back.message, "");
    EXPECT_EQ(back.size, job.size);
    EXPECT_EQ(back.film_frames, job.film_frames);
    EXPECT_EQ(back.clips, job.clips);
    EXPECT_EQ(back.infer_frames, job.infer_frames);
    EXPECT_EQ(back.segment_clips, job.segment_clips);
    EXPECT_EQ(back.output, job.output);
    ASSERT_EQ(back.ranges.size(), 2U);
    EXPECT_EQ(back.ranges[0].clips, (Interval{0, 16}));
    ASSERT_EQ(back.ranges[0].segments.size(), 2U);
    EXPECT_EQ(back.ranges[0].segments[1].clips, (Interval{8, 16}));
    EXPECT_EQ(back.ranges[1].segments[0].clips, (Interval{16, 20}));
    EXPECT_EQ(back.ranges[1].segments[0].state, SegmentState::Pending);
    EXPECT_EQ(back.frames_finished(), 0);
  }
}

TEST_F(JobStoreFile, JobsComeBackInTheOrderTheyWereAdded) {
  {
    JobStore store = open();
    for (const char* name : {"c", "a", "b"}) store.add_job(made_up_job(name), kNow_ms);
  }
  std::vector<std::string> names;
  for (const StoredJob& job : open().load_jobs()) names.push_back(job.name);
  EXPECT_THAT(names, ElementsAre("c", "a", "b"));
}

TEST_F(JobStoreFile, AJobOfAnUnknownNameIsNotFound) { EXPECT_FALSE(open().find_job("news").has_value()); }

TEST_F(JobStoreFile, AJobWithATakenNameIsRefusedWhole) {
  JobStore store = open();
  store.add_job(made_up_job("news"), kNow_ms);
  EXPECT_THROW(store.add_job(made_up_job("news"), kNow_ms), Error);
  ASSERT_EQ(store.load_jobs().size(), 1U);
  EXPECT_EQ(store.load_jobs()[0].ranges.size(), 2U);
}

TEST_F(JobStoreFile, ARunIsRememberedWithItsEnd) {
  EXPECT_FALSE(open().newest_run().has_value());
  {
    JobStore store = open();
    const Epoch epoch = store.begin_run("node17", 4711, "4x24gb", kNow_ms);
    EXPECT_EQ(store.newest_run()->ended_at, "");
    EXPECT_FALSE(store.newest_run()->exit_code.has_value());
    store.end_run(epoch, 75, "drained", kNow_ms + 1000);
  }
  const auto run = open().newest_run();
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->epoch, Epoch{1});
  EXPECT_EQ(run->host, "node17");
  EXPECT_EQ(run->pid, 4711);
  EXPECT_EQ(run->profile, "4x24gb");
  EXPECT_EQ(run->started_at, kNow);
  EXPECT_EQ(run->ended_at, "2023-11-14T22:13:21.250Z");
  EXPECT_EQ(run->exit_code, 75);
  EXPECT_EQ(run->message, "drained");
}

TEST_F(JobStoreFile, TheNewestRunsComeFirst) {
  JobStore store = open();
  for (int pid = 1; pid <= 3; ++pid) store.begin_run("node", pid, "cpu", kNow_ms);
  const auto runs = store.newest_runs(2);
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0].pid, 3);
  EXPECT_EQ(runs[1].pid, 2);
}

TEST_F(JobStoreFile, EpochsGrow) {
  EXPECT_EQ(open().begin_run("node", 1, "cpu", kNow_ms), Epoch{1});
  EXPECT_EQ(open().begin_run("node", 2, "cpu", kNow_ms), Epoch{2});
}

TEST_F(JobStoreRun, AFinishedSegmentComesBackWithItsFacts) {
  start(1, segment(0, 0));
  EXPECT_EQ(stored(0, 0).state, SegmentState::Running);
  save({AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms}});
  reopen();
  EXPECT_EQ(stored(0, 0).state, SegmentState::Finished);
  EXPECT_EQ(stored(0, 0).facts, kFacts);
  EXPECT_EQ(stored(0, 1).state, SegmentState::Pending);
  EXPECT_FALSE(stored(0, 1).facts.has_value());
  EXPECT_EQ(store_->find_job("news")->frames_finished(), 384);
}

TEST_F(JobStoreRun, ItsProgressIsSegmentsFinishedOrFoundAndFilmsMade) {
  const auto progress = [&] { return store_->newest_run()->progress; };
  start(1, segment(0, 0));
  save({JobMoved{job_.id, JobState::Running, "", kNow_ms}});
  EXPECT_EQ(progress(), 0);
  save({AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms}});
  EXPECT_EQ(progress(), 1);
  save({SegmentAdopted{segment(0, 1), kFacts, kNow_ms}});
  EXPECT_EQ(progress(), 2);
  save({JobMoved{job_.id, JobState::Done, "", kNow_ms}});
  EXPECT_EQ(progress(), 3);
}

TEST_F(JobStoreRun, AFilmThatIsOnlyPutTogetherAgainIsNoProgress) {
  for (const JobState to : {JobState::Done, JobState::Pending, JobState::Joining, JobState::Done}) {
    save({JobMoved{job_.id, to, "", kNow_ms}});
  }
  EXPECT_EQ(store_->newest_run()->progress, 1);
}

TEST_F(JobStoreRun, ACutSegmentIsTwo) {
  const SegmentId rest = store_->next_segment();
  const Interval whole = stored(0, 0).clips;
  start(1, segment(0, 0));
  save({SegmentCut{segment(0, 0), whole.begin + 3, rest},
        AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms}});
  reopen();
  EXPECT_EQ(stored(0, 0).clips, (Interval{whole.begin, whole.begin + 3}));
  EXPECT_EQ(stored(0, 0).state, SegmentState::Finished);
  EXPECT_EQ(stored(0, 1).id, rest);
  EXPECT_EQ(stored(0, 1).clips, (Interval{whole.begin + 3, whole.end}));
  EXPECT_EQ(stored(0, 1).state, SegmentState::Pending);
  EXPECT_EQ(store_->next_segment().value, rest.value + 1);
}

TEST_F(JobStoreRun, AReopenedSegmentForgetsItsFacts) {
  start(1, segment(0, 0));
  save({AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms}});
  save({SegmentReopened{segment(0, 0)}});
  EXPECT_EQ(stored(0, 0).state, SegmentState::Pending);
  close();
  EXPECT_EQ(value("SELECT bytes FROM segments WHERE begin_clip=0"), "");
  EXPECT_EQ(value("SELECT finished_at FROM segments WHERE begin_clip=0"), "");
}

TEST_F(JobStoreRun, AJobsStateAndReasonAreKept) {
  save({JobMoved{job_.id, JobState::Failed, "clips 0:8: out of memory", kNow_ms}});
  reopen();
  EXPECT_EQ(store_->find_job("news")->state, JobState::Failed);
  EXPECT_EQ(store_->find_job("news")->message, "clips 0:8: out of memory");
  save({JobMoved{job_.id, JobState::Running, "", kNow_ms}});
  EXPECT_EQ(store_->find_job("news")->message, "");
  close();
  EXPECT_EQ(value("SELECT finished_at FROM jobs"), "");
}

TEST_F(JobStoreRun, TheNewestEventsAreGivenNewestLast) {
  for (int i = 0; i < 5; ++i) {
    save({EventNoted{"run", "", "all " + std::to_string(i), kNow_ms},
          EventNoted{"job", "news", "news " + std::to_string(i), kNow_ms}});
  }
  const auto all = store_->last_events("", 3);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].text, "news 3");
  EXPECT_EQ(all[2].text, "news 4");
  EXPECT_EQ(all[2].at, kNow);
  EXPECT_EQ(all[2].kind, "job");
  EXPECT_EQ(all[2].job, "news");
  EXPECT_EQ(all[1].job, "");
  const auto of_job = store_->last_events("news", 2);
  ASSERT_EQ(of_job.size(), 2U);
  EXPECT_EQ(of_job[0].text, "news 3");
}

TEST_F(JobStoreRun, ARanksRowIsItsLatestState) {
  save({RankMoved{{3}, RankState::Lost, "", 0, "cpu", "nothing heard for 30 s", kNow_ms}});
  save({RankMoved{{3}, RankState::Joined, "node17", 4711, "H100", "", kNow_ms}});
  close();
  EXPECT_EQ(value("SELECT count(*) FROM ranks"), "1");
  EXPECT_EQ(value("SELECT host||' '||pid||' '||device||' '||state||' '||message FROM ranks"),
            "node17 4711 H100 joined ");
}

TEST(UtcText, IsReadableAndSorts) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(kNow_ms), kNow);
  EXPECT_EQ(utc_text(1'700'000'000'007), "2023-11-14T22:13:20.007Z");
}

TEST_F(JobStoreRun, TheLeastShortageOfAJobIsToldForTheProfileItWasMetWith) {
  EXPECT_EQ(store_->least_shortage_bytes(job_.id, "cpu"), std::nullopt);
  save({MemoryRanOut{job_.id, "single", {384, 704}, 49, kNow_ms},
        MemoryRanOut{job_.id, "layers x 2", {384, 704}, 30, kNow_ms},
        MemoryRanOut{job_.id, "single", {384, 704}, 0, kNow_ms}});
  EXPECT_EQ(store_->least_shortage_bytes(job_.id, "cpu"), 30) << "0 is not known";
  EXPECT_EQ(store_->least_shortage_bytes(job_.id, "1x80gb"), std::nullopt);
  EXPECT_EQ(store_->least_shortage_bytes(JobId{job_.id.value + 1}, "cpu"), std::nullopt);
}

TEST_F(JobStoreRun, AResizedJobComesBackAtItsNewSize) {
  save({JobResized{job_.id, {320, 576}}});
  reopen();
  EXPECT_EQ(store_->find_job("news")->size, (FrameSize{320, 576}));
}

TEST_F(JobStoreRun, UnfinishedWorkThatGrewIsProgress) {
  save({WorkKept{}});
  EXPECT_EQ(store_->newest_run()->progress, 1);
}

}  // namespace
}  // namespace longtake
