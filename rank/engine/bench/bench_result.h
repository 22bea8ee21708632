#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rank/engine/bench/bench_options.h"
#include "rank/engine/bench/device_ceilings.h"
#include "rank/engine/bench/encoder_bench.h"
#include "rank/engine/bench/op_profile.h"
#include "rank/engine/bench/step_work.h"
#include "rank/engine/bench/timed_way.h"

namespace longtake {

/// A part of the memory, as the planner's model predicts it and as it is. What cannot be told apart is not
/// measured; what the model does not know is not predicted.
struct BenchBytes {
  std::string component;
  std::optional<std::int64_t> predicted;
  std::optional<std::int64_t> measured;
};

struct BenchMemory {
  std::vector<BenchBytes> components;
  std::int64_t predicted_total = 0;
  std::int64_t peak_tensors = 0;  ///< the most that existed at once
  std::int64_t end_tensors = 0;   ///< after the last block: the same for any number of blocks
  /// Of the process on a CPU; on a device what LibTorch took of it, and what was used beside that.
  std::optional<std::int64_t> peak_process;
  std::optional<std::int64_t> peak_reserved;  ///< what LibTorch took of a device for tensors
  std::optional<std::int64_t> beside;  ///< of this process, not tensors: context and kernels; where told
};

/// What the same layers took, written plainly.
struct BenchBaseline {
  std::vector<double> step_ms;
  std::int64_t peak_bytes = 0;
};

/// Those that were asked for and are known.
struct BenchEncoders {
  std::optional<EncoderTimes> text;
  std::optional<EncoderTimes> speech;
};

struct BenchProfile {
  TimeTable steps;  ///< of one block
  TimeTable vae;    ///< of the same block; nothing without a VAE
};

struct BenchResult {
  BenchOptions options;
  Interval layers;
  Interval steps;               ///< that this stage does
  std::vector<double> step_ms;  ///< one step of one block each: a forward pass, or two with guidance
  std::vector<double> vae_ms;   ///< one block each
  /// On a GPU: the last step of a block, and a block decoded beside it, or behind it.
  std::vector<double> beside_ms;
  std::vector<double> in_turn_ms;
  BenchMemory memory;
  std::optional<BenchProfile> profile;
  bool has_random_weights = true;
  double load_s = 0;        ///< of transformer and VAE
  std::string device_name;  ///< "cpu", "NVIDIA H200"
  StepWork work;            ///< of one forward pass
  std::optional<DeviceCeilings> ceilings;
  std::optional<BenchEncoders> encoders;
  std::vector<TimedWork> products;  ///< and attention, if asked for
  std::optional<BenchBaseline> baseline;

  /// Of one engine that does this stage's steps of a block, then decodes it; none when nothing took time.
  std::optional<double> frames_per_second() const;

  /// The same where blocks are decoded beside the last step, as an engine does on a GPU.
  std::optional<double> frames_per_second_beside() const;
};

double median_of(std::vector<double> values);

/// All of it; docs/performance.md says what the keys mean.
nlohmann::json json_of(const BenchResult& result);

/// For people.
std::string text_of(const BenchResult& result);

}  // namespace longtake
