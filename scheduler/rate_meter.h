#pragma once

#include <array>
#include <cstdint>

namespace longtake {

/// Frames per second over the last minute, in fixed memory. Only what was made in this run counts, so
/// that the rate after a resume is honest.
class RateMeter {
 public:
  void add(std::int64_t frames, std::int64_t now_ms);
  /// 0 until something was made.
  double frames_per_second(std::int64_t now_ms) const;

 private:
  static constexpr std::int64_t kBucket_ms = 1000;
  static constexpr std::int64_t kBuckets = 60;
  struct Bucket {
    std::int64_t index = -1;
    std::int64_t frames = 0;
  };
  std::array<Bucket, kBuckets> buckets_{};
  std::int64_t first_ms_ = -1;
};

}  // namespace longtake
