#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace longtake {

/// What a GPU's time went into; the rest of it is idle or out of order.
enum class GpuUse { Kept, Lost, Loading };
inline constexpr std::size_t kGpuUses = 3;

/// GPU-seconds by use.
struct GpuSeconds {
  std::array<double, kGpuUses> of_use{};

  double of(GpuUse use) const { return of_use[static_cast<std::size_t>(use)]; }
  double& of(GpuUse use) { return of_use[static_cast<std::size_t>(use)]; }
};

/// How the GPUs of a night were used, minute by minute.
class UsageTimeline {
 public:
  static constexpr std::int64_t kMinute_ms = 60'000;

  /// One GPU was used so from begin_ms to end_ms; nothing when that is empty.
  void add(GpuUse use, std::int64_t begin_ms, std::int64_t end_ms);

  const GpuSeconds& total() const { return total_; }
  /// The night up to end_ms in `parts` equal parts. Minutes that lie in two parts are shared out.
  std::vector<GpuSeconds> in_parts(std::size_t parts, std::int64_t end_ms) const;

 private:
  std::vector<GpuSeconds> minutes_;
  GpuSeconds total_;
};

}  // namespace longtake
