#pragma once

#include <string>
#include <vector>

#include "rank/rank_core.h"
#include "tests/rank/action_text.h"

/// A rank without a world: the messages that it hears, and what it does then.
namespace longtake {

inline GenerateSegment order(std::int64_t attempt, const std::string& engine = "slate") {
  GenerateSegment message;
  message.epoch = Epoch{1};
  message.engine = engine;
  message.order.attempt = AttemptId{attempt};
  return message;
}

inline GenerateSegment plain_order(std::int64_t attempt) {
  GenerateSegment message = order(attempt);
  message.plain_transport = true;
  return message;
}

inline EngineStarted started() { return {kEngineProtocol, "slate", "1"}; }
inline FramesMade frames(std::int64_t attempt, std::int64_t made) { return {AttemptId{attempt}, made}; }
inline SegmentMade made(std::int64_t attempt) {
  return {AttemptId{attempt}, SegmentFacts{1000, 48, 1, 2, 3}, {}};
}
inline StageDone stage_done(std::int64_t attempt) { return {AttemptId{attempt}, {}}; }
inline SegmentGivenUp given_up(std::int64_t attempt) {
  return {AttemptId{attempt}, ErrorKind::Io, "no paper", false};
}

/// A rank whose events are told in one line each; its clock stands still unless it is moved.
class RankRun {
 public:
  RankRun() : core_(hardware(), {}) { core_.on_start(0); }

  std::vector<std::string> hears(const SchedulerMessage& message) {
    return texts_of(core_.on_order(message, now_ms));
  }
  std::vector<std::string> engine_says(const EngineReport& report) {
    return texts_of(core_.on_report(report, 4096, now_ms));
  }
  std::vector<std::string> engine_dies(const std::string& how) {
    return texts_of(core_.on_engine_died(how, now_ms));
  }
  std::vector<std::string> engine_does_not_start(const Error& error) {
    return texts_of(core_.on_engine_not_spawned(error, now_ms));
  }
  /// What the rank does at `later_ms`, with a scheduler that speaks and heartbeats left out.
  std::vector<std::string> ticks_at(std::int64_t later_ms) {
    now_ms = later_ms;
    core_.on_order(SchedulerAlive{Epoch{1}}, now_ms);
    std::vector<std::string> texts;
    for (const std::string& text : texts_of(core_.on_tick(now_ms))) {
      if (text.rfind("alive", 0) != 0) texts.push_back(text);
    }
    return texts;
  }
  /// Is making `attempt`.
  RankRun& busy_with(std::int64_t attempt) {
    hears(order(attempt));
    engine_says(started());
    return *this;
  }
  RankCore& core() { return core_; }

  std::int64_t now_ms = 0;

 private:
  static RankHardware hardware() {
    RankHardware facts;
    facts.rank = RankId{3};
    return facts;
  }
  RankCore core_;
};

}  // namespace longtake
