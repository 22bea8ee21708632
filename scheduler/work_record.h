#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "jobs/ids.h"
#include "jobs/layout.h"
#include "jobs/segment.h"

namespace longtake {

/// How the engines of a group share a job's work.
struct JobShare {
  Layout layout;                    ///< without stages: one engine does all
  std::vector<StageMemory> memory;  ///< predicted, per stage

  int stages() const { return layout.stages.empty() ? 1 : layout.ranks(); }
};

/// What an engine did of one segment.
struct StageRecord {
  RankId rank;
  int stage = 0;
  double seconds = 0;
  std::int64_t resident_bytes = 0;  ///< of the process, its peak
  EngineWork work;
};

/// "layers 0:20", "layers 0:20 steps 1:2", "decodes"; empty for an engine that does everything.
std::string description_of(const Stage& stage, const Layout& layout);

/// "960 frames in 12.50 s on rank 1, stage 2 of 2 (layers 2:4), cpu fp32: decode 2.00 s, step 1 4.20 s": a
/// line of inference.log. `frames`: 0 for a stage that does not write.
std::string description_of(const StageRecord& record, std::int64_t frames, const JobShare& share);

/// What the engines did for one job in this run, rank by rank and stage by stage.
class WorkRecord {
 public:
  void add(const StageRecord& record);

  /// The largest peak of an engine on its device; 0 when nobody reported any.
  std::int64_t peak_bytes() const;
  /// "bf16"; empty for engines without a model.
  std::string precision() const;
  /// A list with an object for every rank and stage (docs/formats.md, `engines`).
  nlohmann::json engines(const JobShare& share) const;

 private:
  struct Sum {
    std::int64_t segments = 0;
    double seconds = 0;
    std::int64_t resident_bytes = 0;
    EngineWork work;  ///< seconds added up, bytes the largest
  };
  std::map<std::pair<RankId, int>, Sum> sums_;
};

/// The peak on the device that a plan predicts: what the engine counted itself, or for one that does not
/// count, the process's resident memory.
std::int64_t peak_bytes_of(const EngineWork& work, std::int64_t resident_bytes);

}  // namespace longtake
