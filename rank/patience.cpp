#include "rank/patience.h"

#include <algorithm>

namespace longtake {
namespace {

/// A page cache, another tenant of the host or a shorter chain explain a factor of ten.
constexpr std::int64_t kTimesTheLongest = 20;

/// A file system of a cluster may stand still for so long. Loading may come from a cold one.
std::int64_t least_ms(EnginePhase phase) {
  switch (phase) {
    case EnginePhase::Load:
      return 120'000;
    case EnginePhase::Start:
    case EnginePhase::FirstBlock:
    case EnginePhase::Blocks:
      break;
  }
  return 30'000;
}

}  // namespace

std::int64_t Patience::limit_ms(const std::string& work, EnginePhase phase, std::int64_t silence_ms) const {
  const std::int64_t most = most_.at(phase);
  const std::int64_t known = longest_ms(work, phase);
  if (known == 0) return most;
  return std::min(most, std::max(least_ms(phase), kTimesTheLongest * std::max(known, silence_ms)));
}

std::int64_t Patience::longest_ms(const std::string& work, EnginePhase phase) const {
  const auto learned = longest_.find(work);
  if (learned == longest_.end()) return 0;
  const auto longest = learned->second.find(phase);
  return longest == learned->second.end() ? 0 : longest->second;
}

void Patience::learn(const std::string& work, const PhaseTimes_ms& silences) {
  PhaseTimes_ms& longest = longest_[work];
  for (const auto& [phase, silence_ms] : silences) {
    longest[phase] = std::max({longest[phase], silence_ms, std::int64_t{1}});
  }
}

}  // namespace longtake
