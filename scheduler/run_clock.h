#pragma once

#include <chrono>
#include <cstdint>

namespace longtake {

/// Milliseconds since 1970 that never go back: the wall clock at the start plus a steady clock.
class RunClock {
 public:
  RunClock();
  std::int64_t now_ms() const;

 private:
  std::int64_t wall_at_start_ms_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace longtake
