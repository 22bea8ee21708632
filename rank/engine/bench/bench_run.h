#pragma once

#include "rank/engine/bench/bench_result.h"

namespace longtake {

/// Measures. Call use_compute_threads() before. Throws Error{InvalidInput} for a config that cannot be read,
/// has fewer layers than shares or a VAE that does not fit it, and what LibTorch throws for memory.
BenchResult run_bench(const BenchOptions& options);

}  // namespace longtake
