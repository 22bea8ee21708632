#include "scheduler/work_record.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace longtake {
namespace {

std::string seconds_text(double seconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f s", seconds);
  return text.data();
}

std::string joined(const std::string& text, const char* separator, const std::string& more) {
  if (text.empty() || more.empty()) return text + more;
  return text + separator + more;
}

const Stage* stage_of(const Layout& layout, int stage) {
  const auto index = static_cast<std::size_t>(stage);
  return index < layout.stages.size() ? &layout.stages[index] : nullptr;
}

nlohmann::json predicted_bytes(const JobShare& share, int stage) {
  const auto index = static_cast<std::size_t>(stage);
  if (index >= share.memory.size()) return nullptr;
  return share.memory[index].total_bytes();
}

void take_largest(std::int64_t& largest, std::int64_t value) { largest = std::max(largest, value); }

}  // namespace

std::string description_of(const Stage& stage, const Layout& layout) {
  if (layout.ranks() <= 1) return "";
  if (stage.layers.is_empty()) return "decodes";
  return joined(splits_layers(layout.kind) ? "layers " + text_of(stage.layers) : "", " ",
                splits_steps(layout.kind) ? "steps " + text_of(stage.steps) : "");
}

std::string description_of(const StageRecord& record, std::int64_t frames, const JobShare& share) {
  std::string text = frames > 0 ? std::to_string(frames) + " frames" : "its share";
  text += " in " + seconds_text(record.seconds) + " on rank " + std::to_string(record.rank.value);
  if (const Stage* stage = stage_of(share.layout, record.stage); stage != nullptr && share.stages() > 1) {
    text += ", stage " + std::to_string(record.stage + 1) + " of " + std::to_string(share.stages()) + " (" +
            description_of(*stage, share.layout) + ")";
  }
  text = joined(text, ", ", joined(record.work.device, " ", record.work.precision));
  std::string phases;
  for (const auto& [phase, seconds] : record.work.seconds) {
    phases = joined(phases, ", ", phase + " " + seconds_text(seconds));
  }
  return joined(text, ": ", phases);
}

void WorkRecord::add(const StageRecord& record) {
  Sum& sum = sums_[{record.rank, record.stage}];
  ++sum.segments;
  sum.seconds += record.seconds;
  take_largest(sum.resident_bytes, record.resident_bytes);
  sum.work.device = record.work.device;
  sum.work.precision = record.work.precision;
  for (const auto& [phase, seconds] : record.work.seconds) sum.work.seconds[phase] += seconds;
  // Of the segment with the largest peak; on a CPU later ones may not have grown at all.
  const bool is_largest = record.work.used_bytes > sum.work.used_bytes && !record.work.peak.moment.empty();
  if (is_largest || sum.work.peak.moment.empty()) sum.work.peak = record.work.peak;
  take_largest(sum.work.allocated_bytes, record.work.allocated_bytes);
  take_largest(sum.work.reserved_bytes, record.work.reserved_bytes);
  take_largest(sum.work.used_bytes, record.work.used_bytes);
}

std::int64_t WorkRecord::peak_bytes() const {
  std::int64_t largest = 0;
  for (const auto& [key, sum] : sums_) take_largest(largest, peak_bytes_of(sum.work, sum.resident_bytes));
  return largest;
}

std::string WorkRecord::precision() const {
  return sums_.empty() ? "" : sums_.begin()->second.work.precision;
}

nlohmann::json WorkRecord::engines(const JobShare& share) const {
  nlohmann::json engines = nlohmann::json::array();
  for (const auto& [key, sum] : sums_) {
    const auto& [rank, stage] = key;
    engines.push_back({{"rank", rank},
                       {"stage", stage},
                       {"device", sum.work.device},
                       {"precision", sum.work.precision},
                       {"segments", sum.segments},
                       {"seconds", sum.seconds},
                       {"seconds_by_phase", sum.work.seconds},
                       {"allocated_bytes", sum.work.allocated_bytes},
                       {"reserved_bytes", sum.work.reserved_bytes},
                       {"used_bytes", peak_bytes_of(sum.work, sum.resident_bytes)},
                       {"peak", sum.work.peak},
                       {"predicted_bytes", predicted_bytes(share, stage)}});
  }
  return engines;
}

std::int64_t peak_bytes_of(const EngineWork& work, std::int64_t resident_bytes) {
  return work.used_bytes > 0 ? work.used_bytes : resident_bytes;
}

}  // namespace longtake
