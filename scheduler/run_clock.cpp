#include "scheduler/run_clock.h"

namespace longtake {

RunClock::RunClock()
    : wall_at_start_ms_(std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count()),
      start_(std::chrono::steady_clock::now()) {}

std::int64_t RunClock::now_ms() const {
  const auto elapsed = std::chrono::steady_clock::now() - start_;
  return wall_at_start_ms_ + std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
}

}  // namespace longtake
