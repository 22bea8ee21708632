#pragma once

#include <ATen/ATen.h>

#include <chrono>
#include <string>

namespace longtake {

/// How long one transfer may take while somebody looks whether it is over. Time in which nobody looked hardly
/// counts: whoever was away for longer than the limit, say while a disk stalled, first has to learn that the
/// transfer is over, and does not with one look. Belongs to one thread.
class TransferLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit TransferLimit(std::chrono::milliseconds longest) : longest_(longest) {}

  void begin(Clock::time_point now);

  /// A look found the transfer under way still. Whether that was so for too long, over at least ten looks.
  bool is_over_at(Clock::time_point now);

  /// Throws Error{DeviceLost}. `way`: "from engine 0 of the group".
  [[noreturn]] void give_up(const std::string& tag, at::IntArrayRef shape, const std::string& way) const;

 private:
  std::chrono::milliseconds longest_;
  Clock::time_point looked_;
  Clock::duration counted_{0};
};

}  // namespace longtake
