#pragma once

#include <chrono>
#include <cstdint>
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
  /// False when the order is to be given up.
  bool advance(std::int64_t done, std::int64_t all);

  /// The same without news.
  bool goes_on() const;

  /// Asks a few times a second, for what is called more often. Throws Error{DeviceLost} naming `doing` when
  /// the order is to be given up.
  void ask_while(const std::string& doing);

 private:
  const AfterFrame* after_frame_ = nullptr;
  std::int64_t frames_ = 0;  ///< of the segment
  std::int64_t told_ = 0;
  std::chrono::steady_clock::time_point asked_;
};

}  // namespace longtake
