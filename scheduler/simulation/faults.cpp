#include "scheduler/simulation/faults.h"

#include <algorithm>

#include "scheduler/simulation/random_draw.h"

namespace longtake {
namespace {

double rate_per_h(double mean_h, std::size_t count) {
  return mean_h > 0 ? static_cast<double>(count) / mean_h : 0;
}

std::size_t pick(double uniform, std::size_t count) {
  return std::min(count - 1, static_cast<std::size_t>(uniform * static_cast<double>(count)));
}

}  // namespace

/// All of them together come as often as the sum of the rates; each is of a kind with the kind's share.
FaultSource random_faults(const FaultRates& rates, std::size_t gpus, std::size_t nodes, std::uint64_t seed) {
  const double gpu_rate = rate_per_h(rates.gpu_mtbf_h, gpus);
  const double node_rate = rate_per_h(rates.node_mtbf_h, nodes);
  const double rate = gpu_rate + node_rate + rate_per_h(rates.preempted_every_h, 1);
  return [=, draw = std::uint64_t{0}, now_h = 0.0]() mutable -> std::optional<Fault> {
    constexpr double kHour_ms = 3'600'000;
    if (rate <= 0) return std::nullopt;
    now_h += exponential_draw(seed, draw++) / rate;
    const double kind = uniform_draw(seed, draw++) * rate;
    const double which = uniform_draw(seed, draw++);
    const auto at_ms = static_cast<std::int64_t>(now_h * kHour_ms);
    if (kind < gpu_rate) return Fault{FaultKind::Gpu, at_ms, pick(which, gpus)};
    if (kind < gpu_rate + node_rate) return Fault{FaultKind::Node, at_ms, pick(which, nodes)};
    return Fault{FaultKind::Preemption, at_ms, 0};
  };
}

}  // namespace longtake
