#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

// N hidden states, T feature frames at 50 a second, O the same at 30, F video frames at 25, D width

namespace longtake {

/// How the frames of a recording at 50, 30 and 25 a second meet. The published code interpolates the
/// encoder's 50 features a second to 30 so that the first and the last frame of both coincide, and then
/// picks one of them for each video frame. A place therefore depends on the length of the whole recording,
/// which is why it is worked out here and not where a window of it is at hand.
class FeatureRate {
 public:
  /// `frames_50fps`: of the whole recording (T).
  explicit FeatureRate(std::int64_t frames_50fps);

  std::int64_t frames_50fps() const { return frames_50fps_; }
  std::int64_t frames_30fps() const { return frames_30fps_; }

  /// Where the frame of a 30 fps track lies among the 50 a second, at most frames_50fps - 1.
  double place_of_30fps(std::int64_t frame) const;
  /// The frame at 30 a second for a video frame; nullopt behind the recording's end.
  std::optional<std::int64_t> frame_30fps_of_video(std::int64_t video_frame) const;

 private:
  std::int64_t frames_50fps_;
  std::int64_t frames_30fps_;
};

/// All features of a recording at 30 a second: [N, T, D] -> [N, O, D].
at::Tensor features_at_30fps(const at::Tensor& features_NTD);

/// One row per video frame of [begin, begin + count), as the transformer's audio encoder takes them: [N, W,
/// D], the features that begin at frame `first` of the recording -> [F, N, D]. Zeros behind the
/// recording's end. Throws Error{Bug} when the window does not hold what is asked for.
at::Tensor features_at_25fps(const at::Tensor& window_NWD, std::int64_t first, const FeatureRate& rate,
                             std::int64_t begin, std::int64_t count);

}  // namespace longtake
