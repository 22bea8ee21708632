#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "jobs/clip_math.h"
#include "rank/engine/pipeline/passes.h"

namespace longtake {

/// What `longtake-engine bench` is asked to measure.
struct BenchOptions {
  std::filesystem::path config;  ///< a config.json, or a folder that has one
  FrameSize size = {256, 384};
  at::ScalarType precision = at::kFloat;
  GenerationOrder order = GenerationOrder::StepMajor;
  int share = 1;  ///< this process has the `share`-th of `shares` shares of the layers, counted from 1
  int shares = 1;
  std::int64_t blocks = 4;
  std::int64_t warmup_blocks = 4;  ///< not timed; a clip's worth fills the window
  std::int64_t steps = 4;
  at::Device device = at::kCPU;
  int threads = 1;
  bool with_vae = true;
  bool with_profile = false;

  std::int64_t all_blocks() const { return warmup_blocks + blocks; }
};

/// "single", "layers:2/4".
std::string layout_name(const BenchOptions& options);

/// "step-major", "block-major".
std::string order_name(GenerationOrder order);

/// Of `bench ARGUMENTS`, the word itself left out. nullopt when help was asked for, which is then in
/// `help`. Throws Error{InvalidInput} naming the argument and what would be right.
std::optional<BenchOptions> parse_bench_options(int argument_count, const char* const* arguments,
                                                std::string& help);

}  // namespace longtake
