// The database part of a segment's commit, and loading a long job. The work directory is made in the
// current folder, which must be on a local disk: on a tmpfs nothing is durable.
#include <benchmark/benchmark.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "storage/job_store.h"

namespace longtake {
namespace {

constexpr int kSegments = 10'000;
constexpr std::int64_t kNow_ms = 1'700'000'000'000;

class BenchFolder {
 public:
  BenchFolder() { std::filesystem::create_directories(path_); }
  ~BenchFolder() { std::filesystem::remove_all(path_); }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;
  std::filesystem::path database() const { return path_ / "longtake.db"; }

  bool is_on_a_disk() const {
    constexpr long kTmpfs = 0x01021994;  // statfs(2)
    struct statfs facts {};
    return ::statfs(path_.c_str(), &facts) == 0 && facts.f_type != kTmpfs;
  }

 private:
  std::filesystem::path path_ = std::filesystem::absolute("bench-work-dir-" + std::to_string(::getpid()));
};

StoredJob made_up_job() {
  StoredJob job;
  job.name = "long";
  job.identity = std::string(64, 'a');
  job.identity_of = "{}";
  job.engine = "slate";
  job.clips = kSegments * 8;
  job.film_frames = job.clips * 48;
  job.infer_frames = 48;
  StoredRange range{{}, {0, job.clips}, {}};
  for (int s = 0; s < kSegments; ++s)
    range.segments.push_back({{}, {s * 8, s * 8 + 8}, SegmentState::Pending, {}});
  job.ranges.push_back(std::move(range));
  return job;
}

AttemptSucceeded finish(std::int64_t attempt, SegmentId segment) {
  return {AttemptId{attempt}, segment, {1'000'000, 384, 1, 2, 3}, 240.5, 1'000'000, kNow_ms};
}

AttemptStarted start(std::int64_t attempt, SegmentId segment) {
  return {AttemptId{attempt}, segment, GroupId{0}, kNow_ms};
}

/// What the scheduler saves when a segment is finished and its group gets the next one.
void commit_of_a_segment(benchmark::State& state) {
  const BenchFolder folder;
  if (!folder.is_on_a_disk()) state.SkipWithError("the current folder is on a tmpfs: run this on a disk");
  JobStore store = JobStore::open(folder.database(), 0);
  const Epoch epoch = store.begin_run("node", 1, "cpu", kNow_ms);
  const std::vector<StoredSegment> segments = store.add_job(made_up_job(), kNow_ms).ranges[0].segments;
  store.save(epoch, {start(1, segments[0].id)});
  std::vector<double> times_ms;
  std::int64_t attempt = 1;
  for (auto _ : state) {
    const SegmentId done = segments[static_cast<std::size_t>(attempt - 1) % kSegments].id;
    const SegmentId next = segments[static_cast<std::size_t>(attempt) % kSegments].id;
    const auto before = std::chrono::steady_clock::now();
    store.save(epoch, {finish(attempt, done), start(attempt + 1, next)});
    times_ms.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
    ++attempt;
  }
  if (times_ms.empty()) return;
  std::sort(times_ms.begin(), times_ms.end());
  state.counters["median_ms"] = times_ms[times_ms.size() / 2];
  state.counters["p99_ms"] = times_ms[times_ms.size() * 99 / 100];
}
BENCHMARK(commit_of_a_segment)->Unit(benchmark::kMillisecond)->UseRealTime()->MinTime(3.0);

void load_10000_finished_segments(benchmark::State& state) {
  const BenchFolder folder;
  {
    JobStore store = JobStore::open(folder.database(), 0);
    const Epoch epoch = store.begin_run("node", 1, "cpu", kNow_ms);
    std::vector<Change> changes;
    std::int64_t attempt = 1;
    const StoredJob job = store.add_job(made_up_job(), kNow_ms);
    for (const StoredSegment& segment : job.ranges[0].segments) {
      changes.push_back(start(attempt, segment.id));
      changes.push_back(finish(attempt, segment.id));
      ++attempt;
    }
    store.save(epoch, changes);
  }
  for (auto _ : state) {
    const JobStore store = JobStore::open(folder.database(), 0);
    const std::vector<StoredJob> jobs = store.load_jobs();
    if (jobs.at(0).frames_finished() != kSegments * 384) state.SkipWithError("not all segments were loaded");
  }
}
BENCHMARK(load_10000_finished_segments)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Repetitions(5)
    ->ReportAggregatesOnly();

}  // namespace
}  // namespace longtake
