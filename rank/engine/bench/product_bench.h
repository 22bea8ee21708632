#pragma once

#include <cstdint>
#include <vector>

#include "jobs/interval.h"
#include "rank/engine/bench/bench_options.h"
#include "rank/engine/bench/timed_way.h"
#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/transformer/transformer_config.h"

namespace longtake {

/// The linear layers of a forward pass, each alone, with normal numbers and with several matrices in turn, as
/// layers have: zeros or ones would cost a GPU less power, and a matrix that is in its cache less time. As
/// the engine computes them; in two parts and padded, so that the tiles of a GPU fit; and, on a GPU, by each
/// of cuBLASLt's first proposals. In the options' precision, int8 as if it were not.
std::vector<TimedWork> bench_products(const BenchOptions& options, const TransformerConfig& config,
                                      const ClipShape& clip, Interval layers);

}  // namespace longtake
