#pragma once

#include <ATen/ATen.h>

#include <cstdint>

namespace longtake {

/// Mean and variance of a recording that is read piece by piece. Sums are in float64: an hour of samples
/// within [-1, 1] loses nothing.
class SampleMoments {
 public:
  void add(const float* samples, std::int64_t count);

  double mean() const;      ///< 0 for no samples
  double variance() const;  ///< of the population, as Hugging Face normalises

 private:
  std::int64_t count_ = 0;
  double sum_ = 0;
  double sum_of_squares_ = 0;
};

/// (x - mean) / sqrt(variance + 1e-7), what wav2vec 2.0 wants to hear (Hugging Face,
/// Wav2Vec2FeatureExtractor.zero_mean_unit_var_norm).
at::Tensor normalised(const at::Tensor& samples_S, const SampleMoments& moments);

}  // namespace longtake
