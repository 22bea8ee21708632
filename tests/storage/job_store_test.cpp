#include "storage/job_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include "jobs/error.h"
#include "tests/storage/small_disk.h"

namespace longtake {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

constexpr std::int64_t kNow_ms = 1'700'000'000'250;
constexpr const char* kNow = "2023-11-14T22:13:20.250Z";
const SegmentFacts kFacts{123'456'789'012, 384, 0xffffffff, 0x80000001, 7};

StoredJob made_up_job(const std::string& name) {
  StoredJob job;
  job.name = name;
  job.identity = "abc123";
  job.identity_of = R"({"prompt":"A 'quoted' prompt; DROP TABLE jobs"})";
  job.engine = "slate";
  job.size = {384, 704};
  job.film_frames = 20 * 48 - 5;
  job.clips = 20;
  job.infer_frames = 48;
  job.segment_clips = 8;
  job.output = "/films/" + name + ".mp4";
  job.ranges = {{{}, {0, 16}, {{{}, {0, 8}, {}, {}}, {{}, {8, 16}, {}, {}}}},
                {{}, {16, 20}, {{{}, {16, 20}, {}, {}}}}};
  return job;
}

class JobStoreFile : public testing::Test {
 protected:
  JobStore open() const { return JobStore::open(file_, 0); }

  /// One value of the closed database, as text.
  std::string value(const std::string& query) const {
    SQLite::Database db(file_.string(), SQLite::OPEN_READONLY);
    SQLite::Statement row(db, query);
    return row.executeStep() && !row.getColumn(0).isNull() ? row.getColumn(0).getString() : "";
  }

  TestFolder folder_;
  fs::path file_ = folder_.path() / "longtake.db";
};

/// A store with one job whose three segments have the ids of `segments`.
class JobStoreRun : public JobStoreFile {
 protected:
  JobStoreRun() {
    epoch_ = store_->begin_run("node", 1, "cpu", kNow_ms);
    job_ = store_->add_job(made_up_job("news"), kNow_ms);
  }

  SegmentId segment(std::size_t range, std::size_t index) const {
    return job_.ranges[range].segments[index].id;
  }
  StoredSegment stored(std::size_t range, std::size_t index) const {
    return store_->find_job("news")->ranges[range].segments[index];
  }
  void save(std::vector<Change> changes) { store_->save(epoch_, changes); }
  void start(std::int64_t attempt, SegmentId of) {
    save({AttemptStarted{{attempt}, of, GroupId{0}, kNow_ms}});
  }
  void close() { store_.reset(); }
  void reopen() {
    close();
    store_.emplace(open());
  }

  std::optional<JobStore> store_{open()};
  Epoch epoch_;
  StoredJob job_;
};

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

// All or nothing.

TEST_F(JobStoreRun, AChangeThatFailsInTheMiddleSavesNothing) {
  start(1, segment(0, 0));
  const std::vector<Change> changes = {
      EventNoted{"run", "", "before", kNow_ms},
      AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms},
      AttemptStarted{{1}, segment(0, 1), GroupId{0}, kNow_ms},  // the id is taken
      EventNoted{"run", "", "after", kNow_ms},
  };
  EXPECT_THROW(save(changes), Error);
  EXPECT_EQ(stored(0, 0).state, SegmentState::Running);
  EXPECT_TRUE(store_->last_events("", 10).empty());
}

TEST_F(JobStoreRun, ASegmentThatDoesNotExistSavesNothing) {
  EXPECT_THROW(
      save({EventNoted{"run", "", "before", kNow_ms}, AttemptStarted{{1}, {999}, GroupId{0}, kNow_ms}}),
      Error);
  EXPECT_TRUE(store_->last_events("", 10).empty());
}

TEST_F(JobStoreRun, TheStoreWorksOnAfterAChangeThatFailed) {
  start(1, segment(0, 0));
  EXPECT_THROW(start(1, segment(0, 1)), Error);
  start(2, segment(0, 1));
  EXPECT_EQ(stored(0, 1).state, SegmentState::Running);
}

TEST_F(JobStoreRun, WhatWasSavedOutlivesAKill) {
  start(1, segment(0, 0));
  save({AttemptSucceeded{{1}, segment(0, 0), kFacts, 2.5, 4096, kNow_ms}});
  // The files as they are on the disk now, while the store is open, are what a kill leaves behind.
  const fs::path copy = folder_.path() / "copy.db";
  fs::copy_file(file_, copy);
  fs::copy_file(file_.string() + "-wal", copy.string() + "-wal");
  EXPECT_EQ(JobStore::open(copy, 0).find_job("news")->ranges[0].segments[0].facts, kFacts);
}

TEST_F(JobStoreFile, AStoreOpenedToReadSavesNothing) {
  open().add_job(made_up_job("news"), kNow_ms);
  JobStore store = JobStore::open_to_read(file_);
  EXPECT_EQ(store.load_jobs().size(), 1U);
  EXPECT_THROW(store.save(Epoch{1}, {EventNoted{"run", "", "text", kNow_ms}}), Error);
  EXPECT_THROW(store.begin_run("node", 1, "cpu", kNow_ms), Error);
  EXPECT_THROW(store.add_job(made_up_job("other"), kNow_ms), Error);
}

class JobStoreDisk : public testing::TestWithParam<Full> {};

TEST_P(JobStoreDisk, WithoutRoomSavesNothingAndWorksOnOnceThereIsRoom) {
  SmallDisk disk(512 * 1024, GetParam());
  JobStore store = JobStore::open(disk.path() / "longtake.db", 0);
  const Epoch epoch = store.begin_run("node", 1, "cpu", kNow_ms);
  const std::vector<Change> changes(20, EventNoted{"run", "", std::string(1000, 'x'), kNow_ms});
  int saved = 0;
  try {
    for (; saved < 1000; ++saved) store.save(epoch, changes);
    FAIL() << "the disk never was full";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::DiskFull) << e.what();
    EXPECT_THAT(e.what(), testing::HasSubstr(disk.path().string()));
  }
  EXPECT_GT(saved, 0);
  EXPECT_EQ(store.last_events("", 100'000).size(), 20U * static_cast<std::size_t>(saved)) << "half a save";
  disk.make_room(8 * 1024 * 1024);
  store.save(epoch, changes);
  EXPECT_EQ(store.last_events("", 100'000).size(), 20U * static_cast<std::size_t>(saved + 1));
}

INSTANTIATE_TEST_SUITE_P(Store, JobStoreDisk, testing::Values(Full::Disk, Full::Limit), [](const auto& full) {
  return std::string(full.param == Full::Disk ? "Disk" : "Limit");
});

TEST(UtcText, IsReadableAndSorts) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(utc_text(kNow_ms), kNow);
  EXPECT_EQ(utc_text(1'700'000'000'007), "2023-11-14T22:13:20.007Z");
}

// Memory that was too little.

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
