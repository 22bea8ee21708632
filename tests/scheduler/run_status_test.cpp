#include "scheduler/run_status.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

constexpr std::int64_t kNow_ms = 1'700'000'000'000;

class StoredStatus : public testing::Test {
 protected:
  StoredStatus() {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~StoredStatus() override { std::filesystem::remove_all(folder_); }

  RunStatus status() const { return stored_status(JobStore::open_to_read(folder_ / "longtake.db")); }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("longtake-run-status-" + std::to_string(::getpid()));
};

TEST(RunStatus, CountsAJobsFinishedSegments) {
  RunJob job = make_job(1, {{8, 8}, {4}});
  mark_finished(job, 0);
  mark_finished(job, 2);
  job.stored.output = "/films/a.mp4";
  const JobStatus status = status_of(job.stored);
  EXPECT_EQ(status.name, "job-1");
  EXPECT_EQ(status.engine, "slate");
  EXPECT_EQ(status.state, "pending");
  EXPECT_EQ(status.segments, 3);
  EXPECT_EQ(status.segments_done, 2);
  EXPECT_EQ(status.clips, 20);
  EXPECT_EQ(status.clips_done, 12);
  EXPECT_EQ(status.frames, 20 * 48);
  EXPECT_EQ(status.frames_done, 12 * 48);
  EXPECT_EQ(status.output, "/films/a.mp4");
  EXPECT_EQ(status.eta_s, -1);
}

TEST(RunStatus, SurvivesItsWayThroughJson) {
  CoreRun run({make_job(1, {{8}})}, single_ranks(2));
  run.start();
  const nlohmann::json json = run.core().status(run.now_ms());
  const RunStatus back = json.get<RunStatus>();
  EXPECT_EQ(nlohmann::json(back), json);
  EXPECT_EQ(back.jobs.at(0).name, "job-1");
  EXPECT_EQ(back.groups.at(0).state, "busy");
}

TEST_F(StoredStatus, OfAFreshWorkDirectoryIsEmpty) {
  JobStore::open(folder_ / "longtake.db", 0);
  const RunStatus read = status();
  EXPECT_FALSE(read.is_running);
  EXPECT_TRUE(read.jobs.empty());
  EXPECT_EQ(read.exit_code, -1);
}

TEST_F(StoredStatus, TellsHowTheLastRunEnded) {
  {
    JobStore store = JobStore::open(folder_ / "longtake.db", 0);
    const Epoch epoch = store.begin_run("node17", 4711, "cpu", kNow_ms);
    store.add_job(make_job(1, {{8, 8}}).stored, kNow_ms);
    store.save(epoch, {EventNoted{"run", "", "run 1 started with 2 ranks", kNow_ms}});
    store.end_run(epoch, 75, "drained", kNow_ms + 5000);
  }
  const RunStatus read = status();
  EXPECT_EQ(read.epoch, 1);
  EXPECT_EQ(read.host, "node17");
  EXPECT_EQ(read.pid, 4711);
  EXPECT_EQ(read.profile, "cpu");
  EXPECT_EQ(read.started_at, "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(read.ended_at, "2023-11-14T22:13:25.000Z");
  EXPECT_EQ(read.exit_code, 75);
  EXPECT_EQ(read.message, "drained");
  ASSERT_EQ(read.jobs.size(), 1U);
  EXPECT_EQ(read.jobs[0].segments, 2);
  ASSERT_EQ(read.events.size(), 1U);
  EXPECT_EQ(read.events[0].text, "run 1 started with 2 ranks");
}

TEST_F(StoredStatus, NothingRunsWhenNobodyIsThere) {
  {
    JobStore store = JobStore::open(folder_ / "longtake.db", 0);
    const Epoch epoch = store.begin_run("node17", 4711, "cpu", kNow_ms);
    const StoredJob job = store.add_job(make_job(1, {{8, 8}}).stored, kNow_ms);
    store.save(epoch, {JobMoved{job.id, JobState::Running, "", kNow_ms}});
  }
  EXPECT_EQ(status().jobs.at(0).state, "pending");
}

TEST_F(StoredStatus, OfARunThatWasKilledSaysHowToGoOn) {
  JobStore::open(folder_ / "longtake.db", 0).begin_run("node17", 4711, "cpu", kNow_ms);
  EXPECT_EQ(status().exit_code, -1);
  EXPECT_THAT(status().message, testing::HasSubstr("run again"));
}

}  // namespace
}  // namespace longtake
