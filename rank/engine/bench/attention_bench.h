#pragma once

#include <optional>

#include "rank/engine/bench/bench_options.h"
#include "rank/engine/bench/timed_way.h"
#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/transformer/transformer_config.h"

namespace longtake {

/// Self-attention of a block with a full window, of normal numbers: as the engine calls it, and what other
/// memory orders, other numbers of keys and queries, and another kernel would take. Only where attention is
/// one kernel: nullopt on a CPU, and for float32.
std::optional<TimedWork> bench_attention(const BenchOptions& options, const TransformerConfig& config,
                                         const ClipShape& clip, Interval layers);

}  // namespace longtake
