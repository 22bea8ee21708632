#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/media/av_handles.h"

namespace longtake {

/// Decoded frames in, interleaved float samples of one rate and channel count out; internal to
/// storage/media. A stretch of n samples at rate r becomes exactly ceil(n * target_rate / r) samples:
/// the resampler's tail is cut or padded with silence. Format, rate or channels may change between
/// frames: each stretch is converted on its own.
class SampleConverter {
 public:
  SampleConverter(int target_rate, int target_channels);

  void add(const AVFrame& frame);
  /// No more frames: the resampler's tail comes out.
  void finish();

  /// Takes at most `max_samples` samples per channel that are ready; 0 when more frames are needed.
  std::size_t take(float* out, std::size_t max_samples);

 private:
  void start_stretch(const AVFrame& frame);
  void end_stretch();
  bool continues_stretch(const AVFrame& frame) const;
  /// Runs the resampler; `planes` is null to get its tail.
  void convert(const std::uint8_t** planes, int samples);

  int target_rate_;
  int target_channels_;
  ResamplerHandle resampler_;
  FrameHandle stretch_ = new_frame();  ///< carries the parameters of the current stretch, no data
  std::int64_t samples_in_ = 0;        ///< of the current stretch
  std::int64_t samples_out_ = 0;       ///< of the current stretch
  std::vector<float> ready_;
  std::size_t taken_ = 0;  ///< floats of ready_ that are gone
};

}  // namespace longtake
