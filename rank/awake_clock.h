#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace longtake {

/// The time that a process has lived through. While it is stopped (SIGSTOP, a Slurm job that is suspended, a
/// machine that sleeps) it hears nobody, and its engine, which was stopped with it, makes nothing: such a
/// time must not count as anybody's silence.
class AwakeClock {
 public:
  /// A process that runs asks several times a second.
  static constexpr std::int64_t kLongestStep_ms = 1000;

  /// `steady_ms`: of a steady clock, now.
  std::int64_t now_ms(std::int64_t steady_ms) {
    if (asked_ms_) awake_ms_ += std::clamp<std::int64_t>(steady_ms - *asked_ms_, 0, kLongestStep_ms);
    asked_ms_ = steady_ms;
    return awake_ms_;
  }

 private:
  std::optional<std::int64_t> asked_ms_;
  std::int64_t awake_ms_ = 0;
};

}  // namespace longtake
