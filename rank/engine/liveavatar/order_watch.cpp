#include "rank/engine/liveavatar/order_watch.h"

#include <algorithm>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr std::chrono::milliseconds kAskEvery{250};

}  // namespace

OrderWatch::Order::Order(OrderWatch& watch, const AfterFrame& after_frame, std::int64_t frames)
    : watch_(watch) {
  watch_.after_frame_ = &after_frame;
  watch_.frames_ = frames;
  watch_.told_ = 0;
  watch_.asked_ = std::chrono::steady_clock::now();
}

bool OrderWatch::advance(std::int64_t done, std::int64_t all) {
  if (all > 0) told_ = std::max(told_, frames_ * done / all);
  return goes_on();
}

bool OrderWatch::goes_on() const { return after_frame_ == nullptr || (*after_frame_)(told_); }

void OrderWatch::ask_while(const std::string& doing) {
  const auto now = std::chrono::steady_clock::now();
  if (now - asked_ < kAskEvery) return;
  asked_ = now;
  if (!goes_on()) throw Error(ErrorKind::DeviceLost, "given up while " + doing);
}

}  // namespace longtake
