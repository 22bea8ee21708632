#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/rehearsal/stage_trial.h"

namespace longtake {

/// How an engine that was tried ended.
enum class TrialEnd {
  Measured,
  OutOfMemory,
  Refused,  ///< the engine says what a person must change
  Failed,
};

/// "measured", "out of memory", "refused", "failed".
std::string_view name_of(TrialEnd end);

struct TrialResult {
  TrialEnd end = TrialEnd::Failed;
  std::string message;  ///< of one that was not measured
  std::string device;   ///< "NVIDIA H200"
  bool has_random_weights = false;
  std::int64_t peak_bytes = 0;  ///< of the process on its device, with what was planned for its neighbours
  double step_ms = 0;           ///< one denoising step of one block; 0 for a stage that only decodes
  std::int64_t steps = 0;       ///< that this stage does of a block
  double decode_ms = 0;         ///< one block; 0 for a stage that does not decode
  double load_s = 0;
  double encode_s = 0;  ///< prompt and speech, with loading their encoders; 0 for a stage that does not

  /// Of the stage, for 12 frames.
  double block_ms() const { return static_cast<double>(steps) * step_ms + decode_ms; }
};

/// How `longtake-engine bench` ends when a person must change something, and when memory ran out.
inline constexpr int kTrialRefused = 2, kTrialOutOfMemory = 3;

/// From what the engine printed. A document that lacks something makes it Failed.
TrialResult trial_result(const StageTrial& trial, int exit_code, const std::string& out,
                         const std::string& err);

/// What a job is to expect: its slowest stage decides.
struct ExpectedFilm {
  std::string name;
  double planned_frames_per_second = 0;
  double frames_per_second = 0;  ///< of one group; 0: a stage was not measured
  double seconds = 0;            ///< from the start of the night, as planned but at that speed
};

std::vector<ExpectedFilm> expected_films(const Plan& plan, const Rehearsal& rehearsal,
                                         const std::vector<TrialResult>& results);

/// Whether every stage was measured and stayed within what its engine may use.
bool is_good(const Rehearsal& rehearsal, const std::vector<TrialResult>& results);

/// What is wrong and what would be right, a line for each stage that is not good.
std::vector<std::string> shortcomings(const Rehearsal& rehearsal, const std::vector<TrialResult>& results);

/// For people.
std::string rehearsal_table(const Plan& plan, const Rehearsal& rehearsal,
                            const std::vector<TrialResult>& results);

/// docs/formats.md shows one.
nlohmann::json rehearsal_json(const Plan& plan, const Rehearsal& rehearsal,
                              const std::vector<TrialResult>& results);

}  // namespace longtake
