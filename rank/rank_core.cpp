#include "rank/rank_core.h"

#include <algorithm>
#include <utility>

namespace longtake {
namespace {

void append(RankActions& actions, RankActions more) {
  actions.insert(actions.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

constexpr const char* kNotBegun = "cancelled before it began";

std::string seconds_text(std::int64_t milliseconds) { return std::to_string(milliseconds / 1000) + " s"; }

}  // namespace

RankCore::RankCore(RankHardware hardware, RankLimits limits)
    : hardware_(std::move(hardware)), limits_(std::move(limits)), patience_(limits_.silence_ms) {}

RankActions RankCore::on_start(std::int64_t now_ms) {
  scheduler_heard_ms_ = now_ms;
  alive_told_ms_ = now_ms;
  return {TellScheduler{RankJoined{hardware_}}};
}

// Orders of the scheduler.

RankActions RankCore::on_order(const SchedulerMessage& message, std::int64_t now_ms) {
  scheduler_heard_ms_ = now_ms;
  return std::visit([&](const auto& order) { return on(order, now_ms); }, message);
}

RankActions RankCore::on(const GenerateSegment& order, std::int64_t now_ms) {
  const AttemptId id = order.order.attempt;
  const bool is_told_twice = is_current(id) || (waiting_ && waiting_->order.attempt == id);
  if (is_told_twice) return {};
  if (waiting_) {
    return {TellScheduler{AttemptFailed{order.epoch, id, hardware_.rank, ErrorKind::Bug,
                                        "rank " + std::to_string(hardware_.rank.value) +
                                            " is still busy with attempt " +
                                            std::to_string(attempt_->order.attempt.value) + ", and attempt " +
                                            std::to_string(waiting_->order.attempt.value) + " waits",
                                        false}}};
  }
  Attempt attempt;
  attempt.epoch = order.epoch;
  attempt.engine = order.engine;
  attempt.order = order.order;
  attempt.needs_plain_transport = order.plain_transport;
  attempt.taken_ms = now_ms;
  attempt.told_ms = now_ms;
  waiting_ = std::move(attempt);
  if (attempt_) return {};
  return begin_waiting(now_ms);
}

RankActions RankCore::on(const CancelAttempt& order, std::int64_t now_ms) {
  if (waiting_ && waiting_->order.attempt == order.attempt) {
    const Attempt cancelled = *std::exchange(waiting_, std::nullopt);
    return {TellScheduler{AttemptFailed{cancelled.epoch, order.attempt, hardware_.rank, ErrorKind::DeviceLost,
                                        kNotBegun, true}}};
  }
  if (!is_current(order.attempt) || attempt_->cancelled_ms) return {};
  attempt_->cancelled_ms = now_ms;
  // An engine that is still loading does not have the order yet; it goes on loading, for the next one.
  if (engine_.state != EngineState::Ready) return fail_attempt(ErrorKind::DeviceLost, kNotBegun, now_ms);
  return {TellEngine{CancelSegment{order.attempt}}};
}

RankActions RankCore::on(const FinishAttempt& order, std::int64_t now_ms) {
  const bool has_begun = is_current(order.attempt) && engine_.state == EngineState::Ready;
  if (!has_begun) return on(CancelAttempt{order.attempt}, now_ms);
  if (attempt_->cancelled_ms) return {};
  attempt_->may_end_early = true;
  return {TellEngine{FinishSegment{order.attempt, order.within_ms}}};
}

RankActions RankCore::on(const SchedulerAlive&, std::int64_t) { return {}; }

RankActions RankCore::on(const Rejoin&, std::int64_t) {
  RankActions actions;
  const bool is_making = attempt_ && engine_.state == EngineState::Ready;
  attempt_.reset();
  waiting_.reset();
  if (is_making) {
    engine_ = Engine{};
    actions.emplace_back(KillEngine{});
  }
  actions.emplace_back(TellScheduler{RankJoined{hardware_}});
  return actions;
}

RankActions RankCore::on(const LeaveRun&, std::int64_t) { return leave(RankExit::Ordered); }

// News of the engine.

void RankCore::on_engine_spawned(int pid) { engine_.pid = pid; }

RankActions RankCore::on_engine_not_spawned(const Error& error, std::int64_t now_ms) {
  engine_ = Engine{};
  if (!attempt_) return {};
  return fail_attempt(error.kind(), error.what(), now_ms);
}

RankActions RankCore::on_engine_died(const std::string& how, std::int64_t now_ms) {
  const bool was_loading = engine_.state == EngineState::Starting;
  const std::string name = std::exchange(engine_, Engine{}).name;
  if (!attempt_) return {};
  return fail_attempt(ErrorKind::DeviceLost,
                      "the engine " + name + " ended while it was " +
                          (was_loading ? "starting: " : "making a segment: ") + how,
                      now_ms);
}

RankActions RankCore::on_report(const EngineReport& report, std::int64_t peak_bytes, std::int64_t now_ms) {
  if (engine_.state == EngineState::None) return {};
  if (engine_.state == EngineState::Starting && !std::holds_alternative<EngineStarted>(report)) {
    return lose_engine("the engine " + engine_.name + " reported before it said which protocol it speaks",
                       now_ms);
  }
  return std::visit([&](const auto& fact) { return on(fact, peak_bytes, now_ms); }, report);
}

RankActions RankCore::on(const EngineStarted& report, std::int64_t, std::int64_t now_ms) {
  if (engine_.state == EngineState::Ready) return {};
  if (report.protocol != kEngineProtocol) {
    const std::string why = "the engine " + engine_.name + " speaks engine protocol " +
                            std::to_string(report.protocol) + ", this rank speaks " +
                            std::to_string(kEngineProtocol) + ": install both from the same release";
    engine_ = Engine{};
    RankActions actions = {KillEngine{}};
    if (attempt_) append(actions, fail_attempt(ErrorKind::Bug, why, now_ms));
    return actions;
  }
  engine_.state = EngineState::Ready;
  patience_.learn(engine_.name, {{EnginePhase::Start, now_ms - engine_.started_ms}});
  if (!attempt_) return {};
  return {hand_over(now_ms)};
}

RankActions RankCore::on(const FramesMade& report, std::int64_t, std::int64_t now_ms) {
  if (!is_current(report.attempt)) return {};
  hear_engine(now_ms);
  attempt_->frames = report.frames;
  if (now_ms - attempt_->told_ms < limits_.progress_every_ms) return {};
  return {progress(now_ms)};
}

RankActions RankCore::on(const SegmentMade& report, std::int64_t peak_bytes, std::int64_t now_ms) {
  if (!is_current(report.attempt)) return {};
  learn(now_ms);
  // Also when it was cancelled: the segment is complete on the disk, and the scheduler wants to know.
  return end_attempt(AttemptFinished{attempt_->epoch, report.attempt, hardware_.rank, report.facts,
                                     seconds_of_attempt(now_ms), peak_bytes, report.work, report.cut_to},
                     now_ms);
}

RankActions RankCore::on(const StageDone& report, std::int64_t peak_bytes, std::int64_t now_ms) {
  if (!is_current(report.attempt)) return {};
  learn(now_ms);
  return end_attempt(
      StageFinished{attempt_->epoch, report.attempt, hardware_.rank, attempt_->order.share.stage,
                    seconds_of_attempt(now_ms), peak_bytes, report.work},
      now_ms);
}

RankActions RankCore::on(const SegmentGivenUp& report, std::int64_t peak_bytes, std::int64_t now_ms) {
  if (!is_current(report.attempt)) return {};
  const bool ends_early = report.cancelled && attempt_->may_end_early;
  if (ends_early && !attempt_->cancelled_ms) attempt_->cancelled_ms = now_ms;
  return fail_attempt(report.kind, report.message, now_ms, peak_bytes);
}

// Time and the outside.

RankActions RankCore::on_tick(std::int64_t now_ms) {
  if (now_ms - scheduler_heard_ms_ >= kSchedulerSilence_ms) return leave(RankExit::SchedulerLost);
  RankActions actions = end_when_overdue(now_ms);
  if (attempt_ && attempt_->frames != attempt_->told_frames &&
      now_ms - attempt_->told_ms >= limits_.progress_every_ms) {
    actions.emplace_back(progress(now_ms));
  }
  if (now_ms - alive_told_ms_ >= kHeartbeatEvery_ms) {
    alive_told_ms_ = now_ms;
    actions.emplace_back(TellScheduler{RankAlive{hardware_.rank, engine_.pid, newest_attempt()}});
  }
  return actions;
}

RankActions RankCore::on_signal(const std::string& name) {
  RankActions actions = {TellScheduler{RankLeft{hardware_.rank, "signal " + name}}};
  append(actions, leave(RankExit::Signalled));
  return actions;
}

RankActions RankCore::on_launcher_lost() {
  RankActions actions = {TellScheduler{RankLeft{hardware_.rank, "the process that started it is gone"}}};
  append(actions, leave(RankExit::LauncherLost));
  return actions;
}

// Rules.

bool RankCore::is_current(AttemptId attempt) const { return attempt_ && attempt_->order.attempt == attempt; }

/// What the time between an engine's signs of life depends on.
std::string RankCore::work_of(const Attempt& attempt) {
  const SegmentOrder& order = attempt.order;
  return attempt.engine + " " + order.settings.model + " " + order.settings.lora + " " +
         std::to_string(order.size.width) + "x" + std::to_string(order.size.height) + " " +
         description_of(order.share.layout) + " stage " + std::to_string(order.share.stage);
}

/// The wait for the first sign is no measure of the later ones: an engine may think for minutes about a
/// whole segment and then hand out its frames in a row.
void RankCore::hear_engine(std::int64_t now_ms) {
  std::int64_t& longest = attempt_->silences[attempt_->phase];
  longest = std::max(longest, now_ms - attempt_->heard_ms);
  attempt_->phase = EnginePhase::Blocks;
  attempt_->heard_ms = now_ms;
}

/// The attempt has finished.
void RankCore::learn(std::int64_t now_ms) {
  hear_engine(now_ms);
  engine_.made = work_of(*attempt_);
  patience_.learn(engine_.made, attempt_->silences);
}

RankActions RankCore::end_when_overdue(std::int64_t now_ms) {
  const auto why = overdue(now_ms);
  if (!why) return {};
  patience_.forget(engine_.state == EngineState::Starting ? engine_.name : work_of(*attempt_));
  return lose_engine(*why, now_ms);
}

/// Why the engine has to go, if it has.
std::optional<std::string> RankCore::overdue(std::int64_t now_ms) const {
  const std::int64_t starting_ms = now_ms - engine_.started_ms;
  if (engine_.state == EngineState::Starting &&
      starting_ms >= patience_.limit_ms(engine_.name, EnginePhase::Start)) {
    return "the engine " + engine_.name + " was not ready " + seconds_text(starting_ms) + " after its start";
  }
  if (engine_.state != EngineState::Ready || !attempt_) return std::nullopt;
  if (attempt_->cancelled_ms && now_ms - *attempt_->cancelled_ms >= limits_.cancel_ms) {
    return "the engine " + engine_.name + " did not stop within " + seconds_text(limits_.cancel_ms);
  }
  const std::int64_t silence_ms = now_ms - attempt_->heard_ms;
  const auto longest = attempt_->silences.find(attempt_->phase);
  const std::int64_t longest_ms = longest == attempt_->silences.end() ? 0 : longest->second;
  if (silence_ms < patience_.limit_ms(work_of(*attempt_), attempt_->phase, longest_ms)) return std::nullopt;
  return silence_text(silence_ms);
}

/// "no progress for 30 s after 24 frames (1.2 s was the longest before)"
std::string RankCore::silence_text(std::int64_t silence_ms) const {
  const std::string text = "no progress for " + seconds_text(silence_ms) + " after " +
                           std::to_string(attempt_->frames) + " frames";
  const std::int64_t before_ms = patience_.longest_ms(work_of(*attempt_), attempt_->phase);
  if (before_ms == 0) return text;
  return text + " (the longest silence of a finished segment was " + seconds_text(before_ms + 999) + ")";
}

/// Of what it was given and has not answered.
AttemptId RankCore::newest_attempt() const {
  if (waiting_) return waiting_->order.attempt;
  return attempt_ ? attempt_->order.attempt : AttemptId{};
}

double RankCore::seconds_of_attempt(std::int64_t now_ms) const {
  return static_cast<double>(now_ms - attempt_->taken_ms) / 1000.0;
}

/// What the present attempt needs first.
RankActions RankCore::begin(std::int64_t now_ms) {
  RankActions actions;
  const bool is_fit =
      engine_.name == attempt_->engine && (engine_.has_plain_transport || !attempt_->needs_plain_transport);
  if (engine_.state != EngineState::None && !is_fit) {
    actions.emplace_back(StopEngine{});
    engine_ = Engine{};
  }
  if (engine_.state == EngineState::None) {
    engine_ = Engine{EngineState::Starting, attempt_->engine, 0, now_ms, {}, attempt_->needs_plain_transport};
    actions.emplace_back(StartEngine{attempt_->engine, attempt_->needs_plain_transport});
  } else if (engine_.state == EngineState::Ready) {
    actions.emplace_back(hand_over(now_ms));
  }
  return actions;
}

RankActions RankCore::begin_waiting(std::int64_t now_ms) {
  if (!waiting_) return {};
  attempt_ = std::exchange(waiting_, std::nullopt);
  return begin(now_ms);
}

TellEngine RankCore::hand_over(std::int64_t now_ms) {
  attempt_->heard_ms = now_ms;
  attempt_->phase = engine_.made == work_of(*attempt_) ? EnginePhase::FirstBlock : EnginePhase::Load;
  attempt_->is_handed_over = true;
  return TellEngine{MakeSegment{attempt_->order}};
}

TellScheduler RankCore::progress(std::int64_t now_ms) {
  attempt_->told_ms = now_ms;
  attempt_->told_frames = attempt_->frames;
  return TellScheduler{
      AttemptProgressed{attempt_->epoch, attempt_->order.attempt, hardware_.rank, attempt_->frames}};
}

/// The answer, and the beginning of what waits.
RankActions RankCore::end_attempt(RankMessage answer, std::int64_t now_ms) {
  attempt_.reset();
  RankActions actions = {TellScheduler{std::move(answer)}};
  append(actions, begin_waiting(now_ms));
  return actions;
}

RankActions RankCore::fail_attempt(ErrorKind kind, const std::string& message, std::int64_t now_ms,
                                   std::int64_t peak_bytes) {
  return end_attempt(AttemptFailed{attempt_->epoch, attempt_->order.attempt, hardware_.rank, kind, message,
                                   attempt_->cancelled_ms.has_value(), attempt_->is_handed_over, peak_bytes},
                     now_ms);
}

RankActions RankCore::lose_engine(const std::string& why, std::int64_t now_ms) {
  engine_ = Engine{};
  RankActions actions = {KillEngine{}};
  if (attempt_) append(actions, fail_attempt(ErrorKind::DeviceLost, why, now_ms));
  return actions;
}

RankActions RankCore::leave(RankExit exit) {
  RankActions actions;
  if (engine_.state != EngineState::None) actions.emplace_back(StopEngine{});
  engine_ = Engine{};
  attempt_.reset();
  waiting_.reset();
  actions.emplace_back(Leave{exit});
  return actions;
}

}  // namespace longtake
