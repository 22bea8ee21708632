#include "rank/engine/audio/sample_moments.h"

#include <algorithm>
#include <cmath>

namespace longtake {

void SampleMoments::add(const float* samples, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double sample = samples[i];
    sum_ += sample;
    sum_of_squares_ += sample * sample;
  }
  count_ += count;
}

double SampleMoments::mean() const { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }

double SampleMoments::variance() const {
  if (count_ == 0) return 0.0;
  return std::max(0.0, sum_of_squares_ / static_cast<double>(count_) - mean() * mean());
}

at::Tensor normalised(const at::Tensor& samples_S, const SampleMoments& moments) {
  constexpr double kEpsilon = 1e-7;
  return (samples_S - moments.mean()) / std::sqrt(moments.variance() + kEpsilon);
}

}  // namespace longtake
