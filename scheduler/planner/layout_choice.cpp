#include "scheduler/planner/layout_choice.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace longtake {
namespace {

std::string gigabytes(std::int64_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f GB", static_cast<double>(bytes) / 1e9);
  return text.data();
}

std::string text_of(FrameSize size) { return std::to_string(size.width) + "*" + std::to_string(size.height); }

std::int64_t area_of(FrameSize size) { return std::int64_t{size.height} * size.width; }

std::string smaller_size(const Profile& profile, AvatarDemand demand, int most_ranks) {
  constexpr std::array<FrameSize, 8> kSizes = {
      {{400, 720}, {384, 704}, {368, 688}, {320, 640}, {320, 512}, {256, 448}, {256, 384}, {192, 320}}};
  const std::int64_t area = area_of(demand.memory.size);
  for (const FrameSize size : kSizes) {
    if (area_of(size) >= area) continue;
    demand.memory.size = size;
    if (smallest_that_fits(profile, demand, most_ranks)) return "size " + text_of(size);
  }
  return "";
}

std::string more_ranks(const Profile& profile, const AvatarDemand& demand, int most_ranks) {
  const auto choice = smallest_that_fits(profile, demand, static_cast<int>(demand.shape.layers));
  if (!choice || choice->layout.ranks() <= most_ranks) return "";
  const std::string what = profile.device == DeviceKind::Gpu ? " GPUs like this one" : " slots";
  return std::to_string(choice->layout.ranks()) + what + " (" + description_of(choice->layout) + ")";
}

/// A job after a change that a person might make, and the words for it.
struct Change {
  std::string words;
  AvatarDemand demand;
};

/// For a job that is computed in 16 bits.
std::optional<Change> matrices_in_eight_bits(const Profile& profile, AvatarDemand demand) {
  if (demand.memory.weights != WeightType::Bf16) return std::nullopt;
  const Precision precision = profile.fp8_tflops > 0 ? Precision::Fp8 : Precision::Int8;
  demand.memory.weights = weight_type_of(precision, profile.device);
  return Change{"precision: " + std::string(name_of(precision)), demand};
}

std::optional<Change> caches_in_eight_bits(const Profile& profile, AvatarDemand demand) {
  if (profile.device == DeviceKind::Cpu || demand.memory.kv_cache != KvCacheDtype::Auto) return std::nullopt;
  demand.memory.kv_cache = KvCacheDtype::Fp8;
  return Change{"kv_cache_dtype: fp8", demand};
}

/// Either change where it is enough, else both, with a smaller size where that is still too much.
std::vector<std::string> eight_bits(const Profile& profile, const AvatarDemand& demand, int most_ranks) {
  std::vector<std::string> enough;
  Change all{"", demand};
  for (const auto& change_of : {matrices_in_eight_bits, caches_in_eight_bits}) {
    const auto alone = change_of(profile, demand), with_others = change_of(profile, all.demand);
    if (!alone || !with_others) continue;
    if (smallest_that_fits(profile, alone->demand, most_ranks)) enough.push_back(alone->words);
    all = {all.words + (all.words.empty() ? "" : " and ") + alone->words, with_others->demand};
  }
  if (!enough.empty() || all.words.empty()) return enough;
  if (smallest_that_fits(profile, all.demand, most_ranks)) return {all.words};
  const std::string size = smaller_size(profile, all.demand, most_ranks);
  if (size.empty()) return {};
  return {all.words + " with " + size};
}

std::vector<std::string> remedies(const Profile& profile, const AvatarDemand& demand, int most_ranks) {
  std::vector<std::string> all = {smaller_size(profile, demand, most_ranks)};
  for (std::string& change : eight_bits(profile, demand, most_ranks)) all.push_back(std::move(change));
  all.push_back(more_ranks(profile, demand, most_ranks));
  all.erase(std::remove(all.begin(), all.end(), ""), all.end());
  return all;
}

}  // namespace

std::int64_t engine_capacity_bytes(const Profile& profile) {
  if (profile.device == DeviceKind::Cpu) return profile.host_bytes_per_slot;
  return profile.usable_bytes - profile.reserve_bytes;
}

std::vector<Layout> layouts_of(const AvatarDemand& demand, int ranks) {
  std::vector<Layout> layouts;
  const std::int64_t layers = demand.shape.layers;
  // One rank of a layout that splits the steps only decodes.
  const bool splits_steps = demand.online_decode && demand.steps > 1 && ranks > demand.steps &&
                            (ranks - 1) % demand.steps == 0 && (ranks - 1) / demand.steps <= layers;
  if (splits_steps) {
    layouts.push_back(steps_layout(layers, demand.steps, static_cast<int>((ranks - 1) / demand.steps)));
  }
  if (ranks <= layers) layouts.push_back(layers_layout(layers, demand.steps, ranks));
  return layouts;
}

std::optional<LayoutNeed> layout_that_fits(const Profile& profile, const AvatarDemand& demand, int ranks) {
  for (Layout& layout : layouts_of(demand, ranks)) {
    std::vector<StageMemory> memory = predict_memory(demand.shape, layout, demand.memory);
    const std::int64_t peak = peak_bytes(memory);
    if (peak > engine_capacity_bytes(profile)) continue;
    if (demand.ran_out_at_bytes && peak >= *demand.ran_out_at_bytes) continue;
    return LayoutNeed{std::move(layout), std::move(memory)};
  }
  return std::nullopt;
}

std::optional<LayoutNeed> smallest_that_fits(const Profile& profile, const AvatarDemand& demand,
                                             int most_ranks) {
  for (int ranks = 1; ranks <= most_ranks; ++ranks) {
    if (auto choice = layout_that_fits(profile, demand, ranks)) return choice;
  }
  return std::nullopt;
}

LayoutNeed leanest_layout(const AvatarDemand& demand, int most_ranks) {
  LayoutNeed best;
  for (int ranks = 1; ranks <= most_ranks; ++ranks) {
    for (const Layout& layout : layouts_of(demand, ranks)) {
      std::vector<StageMemory> memory = predict_memory(demand.shape, layout, demand.memory);
      if (best.memory.empty() || peak_bytes(memory) < peak_bytes(best.memory)) best = {layout, memory};
    }
  }
  return best;
}

std::optional<std::string> why_not_this_precision(const Profile& profile, const AvatarDemand& demand) {
  const bool multiplies_fp8 = profile.device == DeviceKind::Cpu || profile.fp8_tflops > 0;
  if (demand.memory.weights != WeightType::Fp8 || multiplies_fp8) return std::nullopt;
  return "precision: fp8 needs GPUs that multiply fp8 (Ada, Hopper or newer), and those of profile " +
         profile.name + " do not (its fp8_tflops is 0); write precision: int8, which takes as much memory";
}

std::string why_nothing_fits(const Profile& profile, const AvatarDemand& demand, int most_ranks) {
  const LayoutNeed best = leanest_layout(demand, most_ranks);
  const std::int64_t needed = peak_bytes(best.memory);
  const std::int64_t given = engine_capacity_bytes(profile);
  const std::string device = profile.device == DeviceKind::Gpu ? "GPU" : "slot";
  std::string text = text_of(demand.memory.size) + " needs " + gigabytes(needed) + " of a " + device + " (" +
                     description_of(best.layout) + ", " + std::string(name_of(demand.memory.weights)) +
                     "), profile " + profile.name + " gives " + gigabytes(given) + ": " +
                     gigabytes(needed - given) + " too little";
  const std::vector<std::string> would_do = remedies(profile, demand, most_ranks);
  if (would_do.empty()) return text + "; nothing smaller fits either: use a smaller model";
  text += "; would fit: ";
  for (std::size_t i = 0; i < would_do.size(); ++i) text += (i == 0 ? "" : ", or ") + would_do[i];
  return text;
}

}  // namespace longtake
