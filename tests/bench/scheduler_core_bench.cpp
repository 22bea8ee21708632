// The scheduler core with 10,000 segments and 1,000 ranks: events a second and memory per event.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <array>
#include <deque>

#include "scheduler/core.h"

namespace longtake {
namespace {

constexpr int kRanks = 1000;
constexpr int kJobs = 100;
constexpr int kRangesPerJob = 10;
constexpr int kSegmentsPerRange = 10;  // 100 x 10 x 10 = 10,000 segments
constexpr int kSegmentClips = 20;
constexpr int kInferFrames = 48;
constexpr int kReportsPerAttempt = 20;  // progress reports before an attempt is finished
constexpr std::int64_t kStart_ms = 1'700'000'000'000;

RunJob made_up_job(int id) {
  RunJob job;
  job.stored.id.value = id;
  job.stored.name = "job-" + std::to_string(id);
  job.stored.engine = "slate";
  job.stored.infer_frames = kInferFrames;
  std::int64_t clip = 0;
  for (int r = 0; r < kRangesPerJob; ++r) {
    StoredRange range;
    range.clips.begin = clip;
    for (int s = 0; s < kSegmentsPerRange; ++s) {
      const SegmentId segment{(id * kRangesPerJob + r) * kSegmentsPerRange + s};
      range.segments.push_back({segment, {clip, clip + kSegmentClips}, SegmentState::Pending, {}});
      clip += kSegmentClips;
    }
    range.clips.end = clip;
    job.stored.ranges.push_back(std::move(range));
  }
  job.stored.clips = clip;
  job.stored.film_frames = clip * kInferFrames;
  job.order.job = job.stored.name;
  job.order.settings.prompt = "A news anchor speaks slowly with clear articulation.";
  job.order.speech = "/work-dir/jobs/" + job.stored.name + "/speech.f32";
  return job;
}

SchedulerCore made_up_core() {
  std::vector<RunJob> jobs;
  for (int j = 0; j < kJobs; ++j) jobs.push_back(made_up_job(j));
  std::vector<RunGroup> groups;
  for (int r = 0; r < kRanks; ++r) groups.push_back({GroupId{r}, {RankId{r}}, "node"});
  return {Epoch{1}, WorkDir("/work-dir"), std::move(jobs), std::move(groups), AttemptId{1}, CoreLimits{}};
}

/// Every rank works on what it is given and says so; every tenth attempt fails. Time goes by as on a
/// cluster where each rank reports about twice a second.
class Cluster {
 public:
  explicit Cluster(SchedulerCore& core) : core_(core) {}

  void start() {
    take(core_.on_started(now_ms_));
    for (int r = 0; r < kRanks; ++r) {
      RankHardware hardware;
      hardware.rank.value = r;
      hardware.host = "node";
      take(core_.on_rank_joined(hardware, now_ms_));
    }
  }

  /// Runs all jobs to their end and returns the number of events.
  std::int64_t run() {
    events_ = 0;
    while (!has_ended_) one_round();
    return events_;
  }

 private:
  struct Work {
    AttemptId attempt;
    std::int64_t frames = 0;
    int reports = 0;
  };

  void one_round() {
    for (int r = 0; r < kRanks && !has_ended_; ++r) {
      if (r % 100 == 0) tick();
      take(core_.on_rank_alive({RankId{r}, 0, work_[r].attempt}, now_ms_));
      if (work_[r].attempt.is_set()) report(RankId{r}, work_[r]);
    }
  }

  void tick() {
    now_ms_ += 50;
    take(core_.on_tick(now_ms_));
    while (!joins_.empty()) {
      const JobId job = joins_.front();
      joins_.pop_front();
      take(core_.on_film_joined(job, "film made", now_ms_));
    }
  }

  void report(RankId rank, Work& work) {
    const AttemptId attempt = work.attempt;
    const std::int64_t frames = work.frames;
    if (work.reports < kReportsPerAttempt) {
      ++work.reports;
      return take(core_.on_attempt_progressed(
          {Epoch{1}, attempt, rank, frames * work.reports / kReportsPerAttempt}, now_ms_));
    }
    work.attempt = {};
    if (attempt.value % 10 == 0) {
      return take(
          core_.on_attempt_failed({Epoch{1}, attempt, rank, ErrorKind::Io, "made up", false}, now_ms_));
    }
    take(core_.on_attempt_finished({Epoch{1}, attempt, rank, {1, frames, 1, 2, 3}, 1.5, 1000, {}}, now_ms_));
  }

  void take(const Actions& actions) {
    ++events_;
    benchmark::DoNotOptimize(actions.changes.data());
    for (const Outgoing& outgoing : actions.sends) {
      const auto* generate = std::get_if<GenerateSegment>(&outgoing.message);
      if (generate == nullptr) continue;
      work_[outgoing.to.value] = {generate->order.attempt, generate->order.frames.length(), 0};
    }
    joins_.insert(joins_.end(), actions.joins.begin(), actions.joins.end());
    has_ended_ = has_ended_ || actions.end.has_value();
  }

  SchedulerCore& core_;
  std::int64_t now_ms_ = kStart_ms;
  std::int64_t events_ = 0;
  bool has_ended_ = false;
  std::array<Work, kRanks> work_{};
  std::deque<JobId> joins_;
};

double bytes_in_use() { return static_cast<double>(mallinfo2().uordblks); }

void events_of_a_night(benchmark::State& state) {
  std::int64_t events = 0;
  double growth = 0;
  for (auto _ : state) {
    state.PauseTiming();
    SchedulerCore core = made_up_core();
    Cluster cluster(core);
    cluster.start();
    const double before = bytes_in_use();
    state.ResumeTiming();
    const std::int64_t night = cluster.run();
    state.PauseTiming();
    events += night;
    growth = (bytes_in_use() - before) / static_cast<double>(night);
    if (core.status(kStart_ms).jobs.front().state != "done") state.SkipWithError("the jobs were not done");
    state.ResumeTiming();
  }
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
  state.counters["bytes_kept_per_event"] = growth;
}
BENCHMARK(events_of_a_night)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Repetitions(5)
    ->ReportAggregatesOnly();

}  // namespace
}  // namespace longtake
