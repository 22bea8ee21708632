#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "jobs/engine_protocol.h"
#include "jobs/messages.h"
#include "rank/patience.h"

namespace longtake {

/// How long a rank waits for what. All in milliseconds.
struct RankLimits {
  /// The longest silences of an engine; what is learned (Patience) makes them shorter.
  PhaseTimes_ms silence_ms = {{EnginePhase::Start, 15 * 60'000},  // large models take minutes
                              {EnginePhase::Load, 10 * 60'000},
                              {EnginePhase::FirstBlock, 5 * 60'000},
                              {EnginePhase::Blocks, 60'000}};
  std::int64_t cancel_ms = 5'000;        ///< CancelSegment to its answer
  std::int64_t progress_every_ms = 200;  ///< AttemptProgressed at most so often
};

/// Why a rank ended.
enum class RankExit {
  Ordered,        ///< LeaveRun
  Signalled,      ///< told to end by a signal
  SchedulerLost,  ///< nothing heard from the scheduler for kSchedulerSilence_ms
  LauncherLost,   ///< the process that started this rank is gone
};

// What the core wants done, in order.

struct TellScheduler {
  RankMessage message;
};
struct StartEngine {
  std::string engine;
  bool plain_transport = false;  ///< as in GenerateSegment
};
struct TellEngine {
  EngineOrder order;
};
/// End the engine politely; it holds no attempt.
struct StopEngine {};
/// End the engine at once.
struct KillEngine {};
/// The rank is done. Always the last action.
struct Leave {
  RankExit exit = RankExit::Ordered;
};

using RankAction = std::variant<TellScheduler, StartEngine, TellEngine, StopEngine, KillEngine, Leave>;
using RankActions = std::vector<RankAction>;

/// The rules of a rank: one attempt at a time, made by an engine that is started when first needed, kept
/// over many segments, and replaced when it dies, hangs, is the wrong one or is to speak with its group in a
/// plainer way. One order more is kept waiting:
/// in a group of several ranks the last one may have finished a segment, or another one failed, before this
/// engine has answered. Every attempt taken on is answered exactly once, except when the rank itself leaves
/// or is told to rejoin.
/// Pure: no clock, no process, no socket. `now_ms` is of any steady clock.
class RankCore {
 public:
  RankCore(RankHardware hardware, RankLimits limits);

  RankActions on_start(std::int64_t now_ms);
  RankActions on_order(const SchedulerMessage& message, std::int64_t now_ms);

  /// StartEngine succeeded.
  void on_engine_spawned(int pid);
  /// StartEngine failed.
  RankActions on_engine_not_spawned(const Error& error, std::int64_t now_ms);
  /// `peak_bytes`: the engine's largest resident memory so far.
  RankActions on_report(const EngineReport& report, std::int64_t peak_bytes, std::int64_t now_ms);
  /// It ended by itself; `how` in words. Not called for an engine that we stopped or killed.
  RankActions on_engine_died(const std::string& how, std::int64_t now_ms);

  /// Heartbeats and limits. To be called about ten times a second.
  RankActions on_tick(std::int64_t now_ms);
  RankActions on_signal(const std::string& name);
  RankActions on_launcher_lost();

 private:
  enum class EngineState { None, Starting, Ready };

  struct Engine {
    EngineState state = EngineState::None;
    std::string name;
    int pid = 0;
    std::int64_t started_ms = 0;
    std::string made;  // the work (work_of) that it did last
    bool has_plain_transport = false;
  };

  struct Attempt {
    Epoch epoch;
    std::string engine;
    SegmentOrder order;
    bool needs_plain_transport = false;
    std::int64_t taken_ms = 0;  // when the order arrived
    std::int64_t heard_ms = 0;  // when its engine last gave a sign of life; set once the engine has it
    EnginePhase phase = EnginePhase::Load;
    PhaseTimes_ms silences;  // the longest of each phase so far
    std::int64_t frames = 0;
    std::int64_t told_frames = 0;  // frames the scheduler knows of
    std::int64_t told_ms = 0;
    bool is_handed_over = false;  // the engine has it
    bool may_end_early = false;   // its engine was told to finish
    std::optional<std::int64_t> cancelled_ms;
  };

  RankActions on(const GenerateSegment& order, std::int64_t now_ms);
  RankActions on(const CancelAttempt& order, std::int64_t now_ms);
  RankActions on(const FinishAttempt& order, std::int64_t now_ms);
  RankActions on(const SchedulerAlive& message, std::int64_t now_ms);
  RankActions on(const Rejoin& order, std::int64_t now_ms);
  RankActions on(const LeaveRun& order, std::int64_t now_ms);

  RankActions on(const EngineStarted& report, std::int64_t peak_bytes, std::int64_t now_ms);
  RankActions on(const FramesMade& report, std::int64_t peak_bytes, std::int64_t now_ms);
  RankActions on(const SegmentMade& report, std::int64_t peak_bytes, std::int64_t now_ms);
  RankActions on(const StageDone& report, std::int64_t peak_bytes, std::int64_t now_ms);
  RankActions on(const SegmentGivenUp& report, std::int64_t peak_bytes, std::int64_t now_ms);

  bool is_current(AttemptId attempt) const;
  static std::string work_of(const Attempt& attempt);
  void hear_engine(std::int64_t now_ms);
  void learn(std::int64_t now_ms);
  AttemptId newest_attempt() const;
  double seconds_of_attempt(std::int64_t now_ms) const;
  RankActions begin(std::int64_t now_ms);
  RankActions begin_waiting(std::int64_t now_ms);
  TellEngine hand_over(std::int64_t now_ms);
  TellScheduler progress(std::int64_t now_ms);
  RankActions end_attempt(RankMessage answer, std::int64_t now_ms);
  RankActions fail_attempt(ErrorKind kind, const std::string& message, std::int64_t now_ms,
                           std::int64_t peak_bytes = 0);
  RankActions lose_engine(const std::string& why, std::int64_t now_ms);
  RankActions end_when_overdue(std::int64_t now_ms);
  std::optional<std::string> overdue(std::int64_t now_ms) const;
  std::string silence_text(std::int64_t silence_ms) const;
  RankActions leave(RankExit exit);

  RankHardware hardware_;
  RankLimits limits_;
  Patience patience_;
  Engine engine_;
  std::optional<Attempt> attempt_;
  std::optional<Attempt> waiting_;
  std::int64_t scheduler_heard_ms_ = 0;
  std::int64_t alive_told_ms_ = 0;
};

}  // namespace longtake
