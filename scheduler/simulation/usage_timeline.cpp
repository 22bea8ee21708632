#include "scheduler/simulation/usage_timeline.h"

#include <algorithm>

namespace longtake {

void UsageTimeline::add(GpuUse use, std::int64_t begin_ms, std::int64_t end_ms) {
  if (end_ms <= begin_ms) return;
  total_.of(use) += static_cast<double>(end_ms - begin_ms) / 1000;
  const auto last = static_cast<std::size_t>((end_ms - 1) / kMinute_ms);
  if (minutes_.size() <= last) minutes_.resize(last + 1);
  for (std::int64_t from = begin_ms; from < end_ms;) {
    const std::int64_t minute = from / kMinute_ms;
    const std::int64_t to = std::min(end_ms, (minute + 1) * kMinute_ms);
    minutes_[static_cast<std::size_t>(minute)].of(use) += static_cast<double>(to - from) / 1000;
    from = to;
  }
}

std::vector<GpuSeconds> UsageTimeline::in_parts(std::size_t parts, std::int64_t end_ms) const {
  std::vector<GpuSeconds> shared(parts);
  const double part_ms = static_cast<double>(end_ms) / static_cast<double>(parts);
  for (std::size_t m = 0; m < minutes_.size() && part_ms > 0; ++m) {
    const double begin = static_cast<double>(m) * kMinute_ms;
    const double end = std::min(begin + kMinute_ms, static_cast<double>(end_ms));
    for (double from = begin; from < end;) {
      const auto part = std::min(parts - 1, static_cast<std::size_t>(from / part_ms));
      const bool is_last = part + 1 == parts;
      const double to = is_last ? end : std::min(end, static_cast<double>(part + 1) * part_ms);
      for (std::size_t use = 0; use < kGpuUses; ++use) {
        shared[part].of_use[use] += minutes_[m].of_use[use] * (to - from) / (end - begin);
      }
      from = std::max(to, from + 1);
    }
  }
  return shared;
}

}  // namespace longtake
