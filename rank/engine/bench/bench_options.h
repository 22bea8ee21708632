#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "jobs/clip_math.h"
#include "jobs/kv_cache_dtype.h"
#include "jobs/precision.h"
#include "rank/engine/pipeline/passes.h"

namespace longtake {

/// What `longtake-engine bench` is asked to measure.
struct BenchOptions {
  std::filesystem::path config;  ///< a config.json, or a folder that has one: random weights of these sizes
  std::filesystem::path model;   ///< a checkpoint folder, with its weights; one of the two is empty
  FrameSize size = {256, 384};
  at::ScalarType precision = at::kFloat;
  Precision matrices = Precision::Auto;  ///< in eight bits, or in `precision`
  KvCacheDtype kv_cache_dtype = KvCacheDtype::Auto;
  GenerationOrder order = GenerationOrder::StepMajor;
  bool splits_steps = false;  ///< the layout gives every step a stage of its own, and one to the VAE
  int share = 1;              ///< this process is the layout's `share`-th stage, counted from 1
  int shares = 1;             ///< in so many shares the layout cuts the layers
  std::int64_t blocks = 4;
  std::int64_t warmup_blocks = 4;  ///< not timed; a clip's worth fills the window
  std::int64_t steps = 4;
  int clip_frames = 48;    ///< what the window of attention remembers
  bool is_guided = false;  ///< a second text: two passes, and two of every cache
  at::Device device = at::kCPU;
  int threads = 1;
  bool with_vae = true;
  bool with_profile = false;
  bool with_ceilings = false;  ///< what the device reaches at its best
  bool with_encoders = false;
  bool with_products = false;     ///< a step's parts alone: products, attention, passes
  bool with_baseline = false;     ///< the same layers written plainly
  std::int64_t memory_bytes = 0;  ///< the most that the process may take of the device; 0: all of it

  std::int64_t all_blocks() const { return warmup_blocks + blocks; }
};

/// "fp32", "bf16", "fp8", "int8".
std::string precision_name(const BenchOptions& options);

/// "single", "layers:2/4".
std::string layout_name(const BenchOptions& options);

/// "step-major", "block-major".
std::string order_name(GenerationOrder order);

/// Of `bench ARGUMENTS`, the word itself left out. nullopt when help was asked for, which is then in
/// `help`. Throws Error{InvalidInput} naming the argument and what would be right.
std::optional<BenchOptions> parse_bench_options(int argument_count, const char* const* arguments,
                                                std::string& help);

}  // namespace longtake
