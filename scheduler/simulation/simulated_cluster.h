#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "jobs/messages.h"
#include "scheduler/core.h"
#include "scheduler/planner/plan.h"
#include "scheduler/simulation/night_event.h"
#include "scheduler/simulation/run_start.h"
#include "scheduler/simulation/usage_timeline.h"

namespace longtake {

/// How long things take that no plan predicts.
struct ClusterPace {
  double spread = 0.05;    ///< a segment takes up to so much more or less than predicted, of its time
  double load_s = 60;      ///< an engine's start: the model goes to the GPU
  double repair_min = 30;  ///< a broken GPU or node is out for so long
};

/// The ranks of a cluster with engines that only take time: they answer the scheduler's messages as real
/// ones do. What happens later goes into the events of the night, whose owner hands it back.
class SimulatedCluster {
 public:
  /// `events` must outlive the cluster.
  SimulatedCluster(const SlotInventory& inventory, ClusterPace pace, std::uint64_t seed, NightEvents& events);

  /// All ranks of nodes that are not out join a new run; no engine runs yet.
  void begin_run(Epoch epoch, const RunStart& start, std::int64_t now_ms);
  /// The ranks of nodes that are not out.
  SlotInventory inventory(std::int64_t now_ms) const;
  const std::vector<RankHardware>& ranks_of_run() const { return ranks_of_run_; }

  /// What the scheduler sent in one turn.
  void obey(const std::vector<Outgoing>& sends, std::int64_t now_ms);

  /// Each returns what the ranks say then; nothing when an event is out of date.
  std::vector<RankMessage> on(const SegmentDue& due, std::int64_t now_ms);
  std::vector<RankMessage> on(const StartFails& start, std::int64_t now_ms);
  std::vector<RankMessage> on(const EngineStops& stop, std::int64_t now_ms);
  /// The ranks that say that they are alive. The scheduler only looks how long ago it heard them, so they are
  /// silent for as long as they may be, not for half a second.
  std::vector<RankAlive> heartbeats(std::int64_t now_ms);
  /// A GPU breaks. False when it is out already.
  bool break_gpu(std::size_t rank, std::int64_t now_ms, std::vector<RankMessage>& said);
  /// A node falls silent; `last_heard` are its ranks of the run. False when it is out already.
  bool lose_node(std::size_t host, std::int64_t now_ms, std::vector<RankAlive>& last_heard);

  const UsageTimeline& usage() const { return usage_; }
  std::size_t gpus() const { return ranks_.size(); }
  std::size_t nodes() const { return inventory_.hosts.size(); }

 private:
  struct Rank {
    RankHardware hardware;
    std::size_t host = 0;
    bool is_in_run = false;
    std::optional<std::int64_t> engine_ready_ms;  ///< its engine, if one runs, has loaded the model then
    std::int64_t broken_until_ms = 0;
    std::int64_t heard_ms = 0;
    AttemptId attempt;
  };
  struct Attempt {
    std::vector<RankId> ranks;  ///< those that have not answered, in the order of their stages
    RankId writer;              ///< of the last stage
    std::string job;
    std::string unfinished;  ///< names what an attempt before left of the same segment
    std::int64_t frames = 0;
    std::int64_t begun_ms = 0;
    std::int64_t working_from_ms = 0;  ///< its engines are loaded
    std::int64_t due_ms = 0;
    bool is_stopping = false;
    bool keeps_work = false;  ///< it stops in such a way that the next attempt goes on from there
  };

  Rank& rank(RankId id) { return ranks_[static_cast<std::size_t>(id.value)]; }
  void take(const GenerateSegment& order, RankId to, std::int64_t now_ms);
  void take(const CancelAttempt& order, RankId to, std::int64_t now_ms);
  void take(const FinishAttempt& order, RankId to, std::int64_t now_ms);
  void begin(AttemptId id, std::int64_t now_ms);
  std::int64_t work_ms(AttemptId id, const Attempt& attempt) const;
  Attempt* find(AttemptId id, RankId rank);
  AttemptFailed leave_attempt(AttemptId id, RankId rank, std::int64_t now_ms);
  void account(const Attempt& attempt, GpuUse work, std::int64_t now_ms);

  SlotInventory inventory_;
  ClusterPace pace_;
  std::uint64_t seed_;
  NightEvents& events_;
  Epoch epoch_;
  std::vector<Rank> ranks_;
  std::vector<std::int64_t> host_out_until_ms_;
  std::vector<RankHardware> ranks_of_run_;
  std::unordered_map<AttemptId, Attempt> attempts_;
  std::unordered_map<std::string, JobPace> paces_;
  std::unordered_map<std::string, std::int64_t> unfinished_ms_;  ///< work that is done of segments, by name
  UsageTimeline usage_;
};

}  // namespace longtake
