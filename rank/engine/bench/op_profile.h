#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace longtake {

/// Where time goes.
enum class TimeFor {
  LinearLayers,       ///< matrix products with weights
  AttentionProducts,  ///< queries with keys, scores with values
  Convolutions,       ///< matrix products of the VAE
  Softmax,
  Pointwise,  ///< norms, activations, sums
  Rotary,
  Copies,
  Audio,    ///< a block's audio tokens, keys and values
  Other,    ///< all other operations
  Waiting,  ///< no operation: the program's own work, threads that wait for others
};
inline constexpr std::size_t kTimesFor = 10;

/// "linear layers", ...
std::string_view name_of(TimeFor what);

struct OpTime {
  std::int64_t calls = 0;
  std::int64_t self_ns = 0;
};

/// What a profile found, summed over the threads.
struct TimeTable {
  std::int64_t wall_ns = 0;
  std::int64_t threads = 1;
  /// Time in an operation less that in operations that it calls.
  std::map<std::pair<TimeFor, std::string>, OpTime> ops;
  std::int64_t audio_product_ns = 0;  ///< matrix products counted under Audio

  std::int64_t all_ns() const { return wall_ns * threads; }
  std::int64_t ns_for(TimeFor what) const;
  /// Matrix products (of linear layers, of attention, of convolutions) over all time, waiting included.
  double product_share() const;
};

TimeTable operator+(const TimeTable& a, const TimeTable& b);

/// Measures all LibTorch operations of all threads while it lives: at most one at a time, made and ended
/// while no operation runs. On a device that works beside the program every operation is waited for, so
/// that its time is its own; that is slower than without a profile.
class OpProfile {
 public:
  OpProfile(c10::Device device, int threads);
  ~OpProfile();
  OpProfile(const OpProfile&) = delete;
  OpProfile& operator=(const OpProfile&) = delete;

  /// Since the beginning.
  TimeTable table() const;

 private:
  std::uint64_t callback_ = 0;
  std::int64_t begin_ns_ = 0;
  int threads_ = 1;
};

}  // namespace longtake
