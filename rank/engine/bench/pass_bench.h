#pragma once

#include <vector>

#include "jobs/interval.h"
#include "rank/engine/bench/bench_options.h"
#include "rank/engine/bench/timed_way.h"
#include "rank/engine/pipeline/clip_shape.h"
#include "rank/engine/transformer/transformer_config.h"

namespace longtake {

/// What a forward pass does between its products and attention, each alone and with other tokens in every
/// call: passes over memory, as the engine makes them. Without the time that a profile waits for each.
std::vector<TimedWork> bench_passes(const BenchOptions& options, const TransformerConfig& config,
                                    const ClipShape& clip, Interval layers);

}  // namespace longtake
