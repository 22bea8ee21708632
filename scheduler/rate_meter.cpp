#include "scheduler/rate_meter.h"

#include <algorithm>

namespace longtake {

void RateMeter::add(std::int64_t frames, std::int64_t now_ms) {
  if (first_ms_ < 0) first_ms_ = now_ms;
  const std::int64_t index = now_ms / kBucket_ms;
  Bucket& bucket = buckets_[static_cast<std::size_t>(index % kBuckets)];
  if (bucket.index != index) bucket = {index, 0};
  bucket.frames += frames;
}

double RateMeter::frames_per_second(std::int64_t now_ms) const {
  if (first_ms_ < 0) return 0;
  const std::int64_t oldest = now_ms / kBucket_ms - kBuckets;
  std::int64_t frames = 0;
  for (const Bucket& bucket : buckets_) frames += bucket.index > oldest ? bucket.frames : 0;
  const std::int64_t span_ms = std::clamp(now_ms - first_ms_, kBucket_ms, kBucket_ms * kBuckets);
  return static_cast<double>(frames) * 1000.0 / static_cast<double>(span_ms);
}

}  // namespace longtake
