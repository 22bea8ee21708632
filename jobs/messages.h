#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "jobs/error.h"
#include "jobs/ids.h"
#include "jobs/segment.h"

/// Everything that travels between ranks, the scheduler and watchers over ZeroMQ.
/// Facts in the past tense go to the scheduler, orders in the imperative come from it.
/// Every message is one JSON object: {"v": kMessageVersion, "type": ..., ...}.
namespace longtake {

inline constexpr int kMessageVersion = 7;
inline constexpr std::int64_t kHeartbeatEvery_ms = 500;
/// A rank that was silent for so long is taken for lost.
inline constexpr std::int64_t kRankSilence_ms = 3000;
/// A scheduler that was silent for so long is taken for dead: the rank stops its engine and exits.
inline constexpr std::int64_t kSchedulerSilence_ms = 10000;

struct Gpu {
  std::string name;
  std::int64_t memory_bytes = 0;
};

/// One rank's place in the world, gathered over MPI at the start.
struct RankHardware {
  RankId rank;
  std::string host;
  int pid = 0;
  int local_index = 0;    ///< among the ranks of its host
  int cpu_slots = 0;      ///< processors of its host this process may use
  std::vector<Gpu> gpus;  ///< those of its host it may see (CUDA_VISIBLE_DEVICES)

  /// Which of `gpus` is its own; nothing without any. More ranks than GPUs share them.
  std::optional<std::size_t> gpu_index() const {
    if (gpus.empty()) return std::nullopt;
    return static_cast<std::size_t>(local_index) % gpus.size();
  }
};

// Rank -> scheduler.

/// The first message of a rank, and its answer to Rejoin: it is idle and has no engine running a segment.
struct RankJoined {
  RankHardware hardware;
};
struct RankAlive {
  RankId rank;
  int engine_pid = 0;  ///< 0 while no engine runs
  /// The newest it was given and has not answered; not set: none. A message may be lost with its connection:
  /// here the two sides find out.
  AttemptId attempt{};
};
struct AttemptProgressed {
  Epoch epoch;
  AttemptId attempt;
  RankId rank;
  std::int64_t frames = 0;  ///< what the rank's share so far is worth, in frames of the segment
};
struct AttemptFinished {
  Epoch epoch;
  AttemptId attempt;
  RankId rank;
  SegmentFacts facts;
  double seconds = 0;
  std::int64_t peak_bytes = 0;  ///< the engine's largest resident memory so far
  EngineWork work;
  Interval cut_to{};  ///< as in SegmentMade
};
/// A stage that does not write the segment has done its share. It may come after AttemptFinished.
struct StageFinished {
  Epoch epoch;
  AttemptId attempt;
  RankId rank;
  int stage = 0;
  double seconds = 0;
  std::int64_t peak_bytes = 0;  ///< as in AttemptFinished
  EngineWork work;
};
struct AttemptFailed {
  Epoch epoch;
  AttemptId attempt;
  RankId rank;
  ErrorKind kind = ErrorKind::Bug;
  std::string message;
  bool cancelled = false;  ///< as ordered; nobody's fault
  /// False when the engine ended before it was given the segment, which then has no part in it.
  bool had_segment = true;
  std::int64_t peak_bytes = 0;  ///< as in AttemptFinished; 0: the engine ended before anyone looked
};
/// The rank ends by itself, on a signal; its attempt, if any, is cancelled.
struct RankLeft {
  RankId rank;
  std::string reason;
};

using RankMessage = std::variant<RankJoined, RankAlive, AttemptProgressed, AttemptFinished, StageFinished,
                                 AttemptFailed, RankLeft>;

// Scheduler -> rank.

struct GenerateSegment {
  Epoch epoch;
  std::string engine;  ///< which engine program makes it: "slate", "liveavatar"
  SegmentOrder order;
  /// By an engine that was started to speak with its group without peer-to-peer and InfiniBand.
  bool plain_transport = false;
};
struct CancelAttempt {
  AttemptId attempt;
};
/// FinishSegment for the engine, of the rank that writes. An attempt that its engine has not begun is
/// cancelled.
struct FinishAttempt {
  AttemptId attempt;
  std::int64_t within_ms = 0;
};
struct SchedulerAlive {
  Epoch epoch;
};
/// The scheduler had given this rank up (or never knew it): cancel everything, then send RankJoined.
struct Rejoin {};
/// End the engine and the rank.
struct LeaveRun {};

using SchedulerMessage =
    std::variant<GenerateSegment, CancelAttempt, FinishAttempt, SchedulerAlive, Rejoin, LeaveRun>;

// Watcher -> scheduler; each is answered by one JSON document.

struct StatusAsked {};
struct DrainAsked {
  std::string by;  ///< "signal USR1", "longtake drain (pid 12)"
};

using WatcherRequest = std::variant<StatusAsked, DrainAsked>;

std::string encode(const RankMessage& message);
std::string encode(const SchedulerMessage& message);
std::string encode(const WatcherRequest& message);

/// Throw Error{InvalidInput} for anything that is not such a message of this version.
RankMessage decode_rank_message(std::string_view text);
SchedulerMessage decode_scheduler_message(std::string_view text);
WatcherRequest decode_watcher_request(std::string_view text);

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Gpu, name, memory_bytes)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RankHardware, rank, host, pid, local_index, cpu_slots, gpus)

}  // namespace longtake
