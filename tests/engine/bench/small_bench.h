#pragma once

#include <filesystem>

#include "rank/engine/bench/bench_options.h"

namespace longtake {

/// The config.json of a model of three layers, with a VAE as small, in a folder of this test's own.
std::filesystem::path small_bench_config();

/// Two blocks of 64x64 after as many to warm up, two steps, one thread.
BenchOptions small_bench();

}  // namespace longtake
