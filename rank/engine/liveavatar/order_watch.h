#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "rank/engine_side/segment_service.h"

namespace longtake {

/// Between an order that is carried out and the rank that gave it: tells how much is done and asks whether
/// to go on. Belongs to one thread; between orders it is silent.
class OrderWatch {
 public:
  /// While it lives, the watch is over this order. `after_frame` must outlive it.
  class Order {
   public:
    Order(OrderWatch& watch, const AfterFrame& after_frame, std::int64_t frames);
    ~Order() { watch_.after_frame_ = nullptr; }
    Order(const Order&) = delete;
    Order& operator=(const Order&) = delete;

   private:
    OrderWatch& watch_;
  };

  /// `done` of `all` parts of the stage's work: told in frames of the segment, which never become fewer.
  /// False when the order is to be given up, or there is no time for one more part.
  bool advance(std::int64_t done, std::int64_t all);

  /// Whether advance() last said no for want of time: what can be kept should be.
  bool is_out_of_time() const { return is_out_of_time_; }

  /// Without news, and however little time is left.
  bool goes_on() const;

  /// Asks a few times a second, for what is called more often. Throws Error{DeviceLost} naming `doing` when
  /// the order is to be given up.
  void ask_while(const std::string& doing);

 private:
  using Clock = std::chrono::steady_clock;

  const AfterFrame* after_frame_ = nullptr;
  std::int64_t frames_ = 0;  ///< of the segment
  std::int64_t told_ = 0;
  Clock::time_point asked_;
  std::optional<Clock::time_point> advanced_;
  Clock::duration slowest_{0};  ///< between two advances
  bool is_out_of_time_ = false;
};

}  // namespace longtake
