// Thousands of seeded random events against the rules that must hold whatever happens.
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "tests/scheduler/core_run.h"

namespace longtake {
namespace {

/// What the database would hold after the changes so far; every change must fit to it.
class Ledger {
 public:
  explicit Ledger(const std::vector<RunJob>& jobs) {
    for (const RunJob& job : jobs) {
      job_states_[job.stored.id] = job.stored.state;
      for (const StoredRange& range : job.stored.ranges) {
        for (const StoredSegment& segment : range.segments) segments_[segment.id] = segment.state;
      }
    }
  }

  void apply(const std::vector<Change>& changes) {
    for (const Change& change : changes) {
      std::visit([this](const auto& one) { check(one); }, change);
    }
  }

  std::size_t running() const { return running_.size(); }
  std::size_t started() const { return started_; }
  bool all_finished(const StoredJob& job) const {
    for (const StoredRange& range : job.ranges) {
      for (const StoredSegment& segment : range.segments) {
        if (segments_.at(segment.id) != SegmentState::Finished) return false;
      }
    }
    return true;
  }

 private:
  struct Running {
    SegmentId segment;
    GroupId group;
  };

  void check(const AttemptStarted& change) {
    EXPECT_LT(newest_.value, change.attempt.value) << "attempt ids grow";
    newest_ = change.attempt;
    ++started_;
    EXPECT_EQ(segments_.at(change.segment), SegmentState::Pending) << "segment " << change.segment.value;
    segments_[change.segment] = SegmentState::Running;
    for (const auto& [attempt, other] : running_) {
      EXPECT_NE(other.group, change.group) << "a group makes one segment at a time";
    }
    running_[change.attempt] = {change.segment, change.group};
  }

  void check(const AttemptSucceeded& change) {
    end(change.attempt, change.segment);
    segments_[change.segment] = SegmentState::Finished;
  }

  void check(const AttemptEnded& change) {
    EXPECT_NE(change.to, AttemptState::Running);
    EXPECT_NE(change.to, AttemptState::Finished);
    end(change.attempt, change.segment);
    segments_[change.segment] = SegmentState::Pending;
  }

  void end(AttemptId attempt, SegmentId segment) {
    ASSERT_EQ(running_.count(attempt), 1U) << "attempt " << attempt.value << " does not run";
    EXPECT_EQ(running_.at(attempt).segment, segment);
    EXPECT_EQ(segments_.at(segment), SegmentState::Running);
    running_.erase(attempt);
  }

  void check(const SegmentCut& change) {
    EXPECT_EQ(segments_.at(change.segment), SegmentState::Running);
    EXPECT_TRUE(segments_.emplace(change.rest, SegmentState::Pending).second) << "an id is given twice";
  }

  void check(const SegmentReopened& change) {
    EXPECT_EQ(segments_.at(change.segment), SegmentState::Finished);
    segments_[change.segment] = SegmentState::Pending;
  }

  void check(const JobMoved& change) {
    EXPECT_FALSE(is_final(job_states_.at(change.job))) << "job " << change.job.value << " was over";
    EXPECT_NE(job_states_.at(change.job), change.to) << "job " << change.job.value << " did not move";
    job_states_[change.job] = change.to;
  }

  void check(const SegmentAdopted&) { FAIL() << "only a resume adopts"; }
  void check(const MemoryRanOut& change) { EXPECT_FALSE(change.layout.empty()); }
  void check(const JobResized&) { FAIL() << "no job of a storm may be made smaller"; }
  void check(const WorkKept&) { FAIL() << "what is kept is looked for at the end"; }
  void check(const RankMoved&) {}
  void check(const EventNoted& change) { EXPECT_FALSE(change.text.empty()); }

  std::map<JobId, JobState> job_states_;
  std::map<SegmentId, SegmentState> segments_;
  std::map<AttemptId, Running> running_;
  AttemptId newest_;
  std::size_t started_ = 0;
};

struct StormPlan {
  std::vector<RunJob> jobs;
  std::vector<RunGroup> groups;
};

int rank_count(const StormPlan& plan) {
  std::size_t ranks = 0;
  for (const RunGroup& group : plan.groups) ranks += group.ranks.size();
  return static_cast<int>(ranks);
}

/// A made-up night: ranks that work, fail, fall silent, come back and repeat themselves, and a disk,
/// films and a person that do as they like.
class Storm {
 public:
  Storm(unsigned seed, StormPlan plan, CoreLimits limits)
      : random_(seed),
        rank_count_(rank_count(plan)),
        jobs_(plan.jobs),
        ledger_(plan.jobs),
        run_(std::move(plan.jobs), std::move(plan.groups), limits) {}

  void start() { take(run_.start()); }

  void one_event() {
    const int rank = below(rank_count_);
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        return finish(rank);
      case 6:
      case 7:
        return fail(rank);
      case 8:
      case 9:
        return answer_a_cancel();
      case 10:
        return repeat_an_old_report();
      case 11:
        return take(run_.join(rank));
      case 12:
        return below(4) == 0 ? take(run_.leave(rank)) : take(run_.alive(rank));
      case 13:
      case 14:
        return answer_a_join();
      case 15:
        return below(4) == 0 ? take(run_.disk_full()) : take(run_.disk_has_room());
      case 16:
        return below(5) == 0 ? fall_silent(rank) : take(run_.wait(1000));
      case 17:
        return make_progress(rank);
      default:
        return take(run_.wait(100));
    }
  }

  /// From here on everything works.
  void calm_down() {
    take(run_.disk_has_room());
    for (int rank = 0; rank < rank_count_ && !run_.exit_code(); ++rank) take(run_.join(rank));
    for (int i = 0; i < 100'000 && !run_.exit_code(); ++i) {
      answer_a_cancel();
      finish(i % rank_count_);
      if (!joins_.empty()) film_joined();
      if (i % rank_count_ == 0) take(run_.wait(500));
    }
  }

  void drain() { take(run_.drain()); }

  CoreRun& run() { return run_; }
  const Ledger& ledger() const { return ledger_; }
  const std::vector<RunJob>& jobs() const { return jobs_; }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  void take(const Actions& actions) {
    ledger_.apply(actions.changes);
    joins_.insert(joins_.end(), actions.joins.begin(), actions.joins.end());
    for (const Outgoing& outgoing : actions.sends) {
      const auto* cancel = std::get_if<CancelAttempt>(&outgoing.message);
      if (cancel != nullptr) cancels_.push_back({outgoing.to.value, cancel->attempt});
      const auto* finish = std::get_if<FinishAttempt>(&outgoing.message);
      if (finish != nullptr) cancels_.push_back({outgoing.to.value, finish->attempt});
    }
  }

  void finish(int rank) {
    if (!run_.has_order(rank)) return;
    const bool is_cut = run_.clips(rank).length() > 1 && below(8) == 0;
    const AttemptFinished report = is_cut ? run_.cut_report(rank, 1) : run_.finished_report(rank);
    old_finished_.push_back(report);
    take(run_.keep(run_.core().on_attempt_finished(report, run_.now_ms())));
  }

  void fail(int rank) {
    if (!run_.has_order(rank)) return;
    constexpr ErrorKind kinds[] = {ErrorKind::DeviceLost, ErrorKind::DeviceLost, ErrorKind::DeviceLost,
                                   ErrorKind::DeviceLost, ErrorKind::Io,         ErrorKind::Io,
                                   ErrorKind::DiskFull,   ErrorKind::OutOfMemory};
    const AttemptFailed report = run_.failed_report(rank, kinds[below(8)]);
    old_failed_.push_back(report);
    take(run_.keep(run_.core().on_attempt_failed(report, run_.now_ms())));
  }

  void make_progress(int rank) {
    if (run_.has_order(rank)) take(run_.progress(rank, below(500)));
  }

  void fall_silent(int silent_rank) {
    for (int i = 0; i < 3; ++i) {
      for (int rank = 0; rank < rank_count_; ++rank) {
        if (rank != silent_rank) take(run_.alive(rank));
      }
      take(run_.tick_after(1300));
    }
  }

  void answer_a_cancel() {
    if (cancels_.empty()) return;
    const auto [rank, attempt] = cancels_.front();
    cancels_.pop_front();
    const AttemptFailed report{kEpoch, attempt, RankId{rank}, ErrorKind::DeviceLost, "cancelled", true};
    take(run_.keep(run_.core().on_attempt_failed(report, run_.now_ms())));
  }

  void repeat_an_old_report() {
    if (!old_finished_.empty()) {
      const auto& report =
          old_finished_[static_cast<std::size_t>(below(static_cast<int>(old_finished_.size())))];
      take(run_.keep(run_.core().on_attempt_finished(report, run_.now_ms())));
    }
    if (!old_failed_.empty()) {
      const auto& report = old_failed_[static_cast<std::size_t>(below(static_cast<int>(old_failed_.size())))];
      take(run_.keep(run_.core().on_attempt_failed(report, run_.now_ms())));
    }
  }

  void film_joined() {
    const JobId job = joins_.front();
    joins_.pop_front();
    EXPECT_TRUE(ledger_.all_finished(run_.core().job(job))) << "job " << job.value << " is joined incomplete";
    take(run_.film_joined(job.value));
  }

  void answer_a_join() {
    if (joins_.empty()) return;
    const JobId job = joins_.front();
    switch (below(4)) {
      case 0:
        joins_.pop_front();
        return take(run_.film_segment_bad(job.value, static_cast<std::size_t>(below(6))));
      case 1:
        joins_.pop_front();
        return take(run_.film_failed(job.value, ErrorKind::Io));
      case 2:
        joins_.pop_front();
        return take(run_.film_failed(job.value, ErrorKind::DiskFull));
      default:
        return film_joined();
    }
  }

  std::mt19937 random_;
  int rank_count_;
  std::vector<RunJob> jobs_;
  Ledger ledger_;
  CoreRun run_;
  std::deque<JobId> joins_;
  std::deque<std::pair<std::int64_t, AttemptId>> cancels_;
  std::vector<AttemptFinished> old_finished_;
  std::vector<AttemptFailed> old_failed_;
};

/// 12 jobs of different shapes, some half finished with holes; six single ranks and two groups of two.
StormPlan storm_plan() {
  StormPlan plan;
  for (int j = 1; j <= 12; ++j) {
    std::vector<std::vector<int>> ranges(static_cast<std::size_t>(1 + j % 4));
    for (std::size_t r = 0; r < ranges.size(); ++r) ranges[r].assign(6 + r * 5, 8 - static_cast<int>(r));
    RunJob job = make_job(j, ranges, j % 3);
    if (j % 3 == 0) {
      for (const std::size_t finished : {0U, 2U, 3U, 5U}) mark_finished(job, finished);
    }
    plan.jobs.push_back(std::move(job));
  }
  plan.groups = single_ranks(6);
  plan.groups.push_back({GroupId{6}, {RankId{6}, RankId{7}}, "node"});
  plan.groups.push_back({GroupId{7}, {RankId{8}, RankId{9}}, "node"});
  return plan;
}

/// Nothing is given up early, so that the storm goes on.
CoreLimits patient_limits() {
  CoreLimits limits;
  limits.tries_per_segment = 30;
  limits.failures_per_group = 1000;
  limits.losses_per_group = 1000;
  limits.joins_per_job = 1000;
  limits.disk_full_patience_ms = 3'600'000;
  return limits;
}

class CoreStorm : public testing::TestWithParam<unsigned> {};

TEST_P(CoreStorm, KeepsTheRulesAndEndsWhenItCalmsDown) {
  Storm storm(GetParam(), storm_plan(), patient_limits());
  storm.start();
  int events = 0;
  for (; events < 5000 && !storm.run().exit_code(); ++events) storm.one_event();
  EXPECT_GT(storm.ledger().started(), 50U);
  storm.calm_down();
  ASSERT_TRUE(storm.run().exit_code().has_value());
  EXPECT_EQ(storm.ledger().running(), 0U) << "an attempt was never ended";
  for (const RunJob& job : storm.jobs()) {
    if (storm.run().core().job(job.stored.id).state != JobState::Done) continue;
    EXPECT_TRUE(storm.ledger().all_finished(job.stored));
  }
}

TEST_P(CoreStorm, KeepsTheRulesWithTheRealLimits) {
  Storm storm(GetParam(), storm_plan(), CoreLimits{});
  storm.start();
  for (int i = 0; i < 5000 && !storm.run().exit_code(); ++i) storm.one_event();
  storm.calm_down();
  ASSERT_TRUE(storm.run().exit_code().has_value());
  EXPECT_EQ(storm.ledger().running(), 0U) << "an attempt was never ended";
}

TEST_P(CoreStorm, ADrainInTheMiddleEndsTheRunSoon) {
  Storm storm(GetParam(), storm_plan(), patient_limits());
  storm.start();
  for (int i = 0; i < 300 && !storm.run().exit_code(); ++i) storm.one_event();
  ASSERT_EQ(storm.run().exit_code(), std::nullopt);
  storm.drain();
  const std::size_t started = storm.ledger().started();
  for (int i = 0; i < 1000 && !storm.run().exit_code(); ++i) storm.one_event();
  EXPECT_EQ(storm.run().exit_code(), 75);
  EXPECT_EQ(storm.ledger().started(), started);
  EXPECT_EQ(storm.ledger().running(), 0U) << "an attempt was never ended";
}

INSTANTIATE_TEST_SUITE_P(Seeds, CoreStorm, testing::Range(1U, 21U));

}  // namespace
}  // namespace longtake
