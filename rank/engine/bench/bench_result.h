#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rank/engine/bench/bench_options.h"
#include "rank/engine/bench/op_profile.h"

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
  /// Of the process on a CPU, of LibTorch's allocator on a device; with what is not tensors.
  std::optional<std::int64_t> peak_process;
};

struct BenchProfile {
  TimeTable steps;  ///< of one block
  TimeTable vae;    ///< of the same block; nothing without a VAE
};

struct BenchResult {
  BenchOptions options;
  Interval layers;
  std::vector<double> step_ms;  ///< one forward pass each
  std::vector<double> vae_ms;   ///< one block each
  BenchMemory memory;
  std::optional<BenchProfile> profile;

  /// Of one engine that does this stage's steps of a block, then decodes it; none when nothing took time.
  std::optional<double> frames_per_second() const;
};

double median_of(std::vector<double> values);

/// All of it; docs/performance.md says what the keys mean.
nlohmann::json json_of(const BenchResult& result);

/// For people.
std::string text_of(const BenchResult& result);

}  // namespace longtake
