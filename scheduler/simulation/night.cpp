#include "scheduler/simulation/night.h"

#include <algorithm>
#include <cmath>
#include <memory>

namespace longtake {
namespace {

/// The server asks the core what time it is at least ten times a second; nothing in it is finer than this.
constexpr std::int64_t kTick_ms = 500;
constexpr std::int64_t kProgressEvery_ms = 60'000;
/// Runs in a row that finish nothing: a night with faults so often never ends.
constexpr int kMostIdleRuns = 3;

std::vector<double> film_hours(const std::vector<JobInput>& jobs) {
  std::vector<double> hours;
  for (const JobInput& job : jobs)
    hours.push_back(static_cast<double>(job.film_frames) / kFramesPerSecond / 3600);
  return hours;
}

class NightRun {
 public:
  explicit NightRun(const Night& night)
      : night_(night),
        cluster_(night.cluster, night.pace, night.seed, events_),
        films_(film_hours(night.jobs), night.finishing) {}

  NightResult to_its_end() {
    events_.add(0, RunStarts{});
    await_fault();
    while (!is_over_) {
      const auto next = events_.take();
      now_ms_ = next.at_ms;
      std::visit([this](const auto& event) { on(event); }, next.event);
      if (end_) end_run();
    }
    result_.gpus = cluster_.gpus();
    result_.nodes = cluster_.nodes();
    result_.usage = cluster_.usage();
    return std::move(result_);
  }

 private:
  void on(const RunStarts&) {
    const SlotInventory there = cluster_.inventory(now_ms_);
    if (there.hosts.empty()) {
      events_.add(now_ms_ + requeue_ms(), RunStarts{});
      return;
    }
    RunStart start = start_of_run(night_.profile, night_.jobs, there, known_);
    if (night_.frames_per_second > 0) {
      for (JobPace& pace : start.paces) pace.frames_per_second = night_.frames_per_second;
    }
    if (++result_.starts == 1) describe(start);
    ++epoch_.value;
    finished_before_run_ = result_.attempts.finished;
    cluster_.begin_run(epoch_, start, now_ms_);
    core_ = std::make_unique<SchedulerCore>(epoch_, WorkDir("/night"), std::move(start.jobs),
                                            std::move(start.groups), next_attempt_, CoreLimits{});
    take(core_->on_started(now_ms_));
    for (const RankHardware& rank : cluster_.ranks_of_run()) take(core_->on_rank_joined(rank, now_ms_));
    events_.add(now_ms_ + kTick_ms, ClockTicks{});
  }

  void describe(const RunStart& start) {
    result_.groups = start.groups.size();
    result_.jobs = start.jobs.size();
    for (const RunJob& job : start.jobs) {
      result_.ranges += job.stored.ranges.size();
      for (const StoredRange& range : job.stored.ranges) result_.segments += range.segments.size();
      result_.frames += job.stored.film_frames;
    }
    result_.bound = lower_bound_of(start, cluster_.gpus());
  }

  void on(const ClockTicks&) {
    if (!core_ || has_all_segments()) return;
    hear(cluster_.heartbeats(now_ms_));
    take(core_->on_tick(now_ms_));
    events_.add(now_ms_ + kTick_ms, ClockTicks{});
    if (!night_.on_progress || now_ms_ < next_progress_ms_) return;
    next_progress_ms_ = now_ms_ + kProgressEvery_ms;
    night_.on_progress({now_ms_, frames_done_, result_.frames});
  }

  void on(const SegmentDue& due) { tell(cluster_.on(due, now_ms_)); }
  void on(const StartFails& start) { tell(cluster_.on(start, now_ms_)); }
  void on(const EngineStops& stop) { tell(cluster_.on(stop, now_ms_)); }

  void on(const FilmDue& film) {
    if (!core_) return;
    result_.films_ready_ms = now_ms_;
    take(core_->on_film_joined(film.job, "made up", now_ms_));
  }

  void on(const FaultStrikes& strike) {
    if (has_all_segments()) return;
    switch (strike.fault.kind) {
      case FaultKind::Gpu: {
        std::vector<RankMessage> said;
        result_.faults.gpus += cluster_.break_gpu(strike.fault.which, now_ms_, said) ? 1 : 0;
        tell(said);
        break;
      }
      case FaultKind::Node: {
        std::vector<RankAlive> last_heard;
        result_.faults.nodes += cluster_.lose_node(strike.fault.which, now_ms_, last_heard) ? 1 : 0;
        hear(last_heard);
        break;
      }
      case FaultKind::Preemption:
        if (!core_) break;
        ++result_.faults.preemptions;
        take(core_->on_drain("pre-empted", now_ms_));
        break;
    }
    await_fault();
  }

  /// Then films are only joined, which no rank and no clock has a part in.
  bool has_all_segments() const { return result_.starts > 0 && frames_done_ == result_.frames; }

  void await_fault() {
    if (!night_.next_fault) return;
    if (const auto fault = night_.next_fault()) events_.add(fault->at_ms, FaultStrikes{*fault});
  }

  void hear(const std::vector<RankAlive>& heard) {
    for (const RankAlive& alive : heard) {
      if (core_) take(core_->on_rank_alive(alive, now_ms_));
    }
  }

  void tell(const std::vector<RankMessage>& said) {
    for (const RankMessage& message : said) {
      if (core_) std::visit([this](const auto& report) { tell_one(report); }, message);
    }
  }
  void tell_one(const AttemptFinished& report) { take(core_->on_attempt_finished(report, now_ms_)); }
  void tell_one(const StageFinished& report) { take(core_->on_stage_finished(report, now_ms_)); }
  void tell_one(const AttemptFailed& report) { take(core_->on_attempt_failed(report, now_ms_)); }
  template <class Other>
  void tell_one(const Other&) {}  // what simulated ranks never say

  /// What the server does after each turn, but for saving.
  void take(const Actions& actions) {
    for (const Change& change : actions.changes) {
      std::visit([this](const auto& one) { count(one); }, change);
    }
    cluster_.obey(actions.sends, now_ms_);
    for (const JobId job : actions.joins) {
      events_.add(films_.join(static_cast<std::size_t>(job.value) - 1, now_ms_), FilmDue{job});
    }
    if (actions.end) end_ = actions.end;
  }

  void count(const AttemptStarted& started) {
    ++result_.attempts.started;
    next_attempt_.value = std::max(next_attempt_.value, started.attempt.value + 1);
  }
  void count(const AttemptSucceeded& succeeded) {
    ++result_.attempts.finished;
    frames_done_ += succeeded.facts.frames;
    result_.makespan_ms = now_ms_;
  }
  void count(const AttemptEnded& ended) {
    AttemptCounts& attempts = result_.attempts;
    if (ended.to == AttemptState::Failed) ++attempts.failed;
    if (ended.to == AttemptState::Cancelled) ++attempts.cancelled;
    if (ended.to == AttemptState::Lost) ++attempts.lost;
  }
  void count(const JobMoved& moved) { result_.jobs_failed += moved.to == JobState::Failed ? 1 : 0; }
  template <class Other>
  void count(const Other&) {}  // ranks and events: the result does not tell them one by one

  /// A run that was cut short is started again by the same command, as Slurm does it.
  void end_run() {
    constexpr int kRunAgain = 75;
    constexpr int kNoProgress = 93;
    result_.exit_code = end_->exit_code;
    result_.message = end_->message;
    const bool made_progress = result_.attempts.finished > finished_before_run_;
    idle_runs_ = made_progress ? 0 : idle_runs_ + 1;
    known_.clear();
    const auto jobs = static_cast<std::int64_t>(result_.jobs);
    for (std::int64_t id = 1; id <= jobs; ++id) known_.push_back(core_->job(JobId{id}));
    core_.reset();
    is_over_ = end_->exit_code != kRunAgain;
    end_.reset();
    if (idle_runs_ >= kMostIdleRuns) {
      is_over_ = true;
      result_.exit_code = kNoProgress;
      result_.message = "three runs in a row finished no segment: the faults come too often";
    }
    events_.add(now_ms_ + requeue_ms(), RunStarts{});
  }

  /// Never so short that the clock of the run before still ticks.
  std::int64_t requeue_ms() const {
    return std::max<std::int64_t>(2 * kTick_ms, std::llround(night_.requeue_min * 60'000));
  }

  const Night& night_;
  NightEvents events_;
  SimulatedCluster cluster_;
  FilmThread films_;
  std::unique_ptr<SchedulerCore> core_;  ///< while a run is on
  std::vector<StoredJob> known_;
  Epoch epoch_{0};
  AttemptId next_attempt_{1};
  std::int64_t now_ms_ = 0;
  std::int64_t next_progress_ms_ = 0;
  std::int64_t frames_done_ = 0;
  std::int64_t finished_before_run_ = 0;
  int idle_runs_ = 0;
  std::optional<EndRun> end_;
  bool is_over_ = false;
  NightResult result_;
};

}  // namespace

double NightResult::utilisation() const {
  const double all_s = static_cast<double>(gpus) * static_cast<double>(makespan_ms) / 1000;
  return all_s > 0 ? usage.total().of(GpuUse::Kept) / all_s : 0;
}

double NightResult::overhead() const {
  const double bound_s = bound.seconds();
  return bound_s > 0 ? static_cast<double>(makespan_ms) / 1000 / bound_s - 1 : 0;
}

NightResult simulate(const Night& night) { return NightRun(night).to_its_end(); }

}  // namespace longtake
