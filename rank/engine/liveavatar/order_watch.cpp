#include "rank/engine/liveavatar/order_watch.h"

#include <algorithm>

#include "jobs/error.h"

namespace longtake {
namespace {

constexpr std::chrono::milliseconds kAskEvery{250};
/// What is kept is some hundred megabytes, and is made durable.
constexpr std::chrono::seconds kKeeping{3};

}  // namespace

OrderWatch::Order::Order(OrderWatch& watch, const AfterFrame& after_frame, std::int64_t frames)
    : watch_(watch) {
  watch_.after_frame_ = &after_frame;
  watch_.frames_ = frames;
  watch_.told_ = 0;
  watch_.asked_ = Clock::now();
  watch_.advanced_.reset();
  watch_.slowest_ = {};
  watch_.is_out_of_time_ = false;
}

bool OrderWatch::advance(std::int64_t done, std::int64_t all) {
  if (all > 0) told_ = std::max(told_, frames_ * done / all);
  const Clock::time_point now = Clock::now();
  if (advanced_) slowest_ = std::max(slowest_, now - *advanced_);
  advanced_ = now;
  if (after_frame_ == nullptr) return true;
  const GoOn goes_on = (*after_frame_)(told_);
  is_out_of_time_ = goes_on.is_wanted && goes_on.time_left && *goes_on.time_left < slowest_ + kKeeping;
  return goes_on.is_wanted && !is_out_of_time_;
}

bool OrderWatch::goes_on() const { return after_frame_ == nullptr || (*after_frame_)(told_); }

void OrderWatch::ask_while(const std::string& doing) {
  const Clock::time_point now = Clock::now();
  if (now - asked_ < kAskEvery) return;
  asked_ = now;
  if (!goes_on()) throw Error(ErrorKind::DeviceLost, "given up while " + doing);
}

}  // namespace longtake
