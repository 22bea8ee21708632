#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "jobs/interval.h"
#include "rank/engine/audio/feature_rate.h"
#include "rank/engine/audio/sample_moments.h"
#include "rank/engine/audio/wav2vec2.h"

namespace longtake {

/// Features of a recording come from windows that lie fixed on the grid of clips: window w gives the
/// features of clips [8 w, 8 w + 8) and hears two clips more on either side, 3.84 s at 48 frames. So the
/// features of a clip are the same wherever a range or a segment of the job begins, and no more than twelve
/// clips of sound and features are in memory.
///
/// The transformer of wav2vec 2.0 looks at all that it hears, so a window changes the features a little. A
/// recording of at most eight clips is in one window and comes exactly as published. In a longer one the
/// relative error against the whole recording is 2 % on random weights (speech_features_test), which look
/// everywhere equally; trained ones look mostly nearby. The convolutions do not differ at all.
inline constexpr std::int64_t kWindow_clips = 8;
inline constexpr std::int64_t kContext_clips = 2;

/// A recording at 16 kHz whose samples are read when they are needed.
struct Recording {
  std::int64_t samples = 0;
  SampleMoments moments;  ///< of the whole recording
  /// The samples of [begin, end), within [0, samples).
  std::function<std::vector<float>(Interval)> read;
};

/// What one window hears and for which clips it is.
struct SpeechWindow {
  Interval clips;
  Interval features;  ///< of the recording's features at 50 a second
  Interval samples;
};

/// Gives the features of any clips of one recording. Belongs to one thread. `model` must outlive it.
class SpeechFeatures {
 public:
  /// `clip_frames`: infer_frames, at 25 a second.
  SpeechFeatures(const Wav2Vec2& model, Recording recording, std::int64_t clip_frames);

  /// [F, N, D] for the video frames of `clips`, on the model's device and in its type; zeros behind the
  /// recording's end. Asked for clips in order, it runs the model once per window. Throws Error{Bug} for
  /// clips before the first.
  at::Tensor of_clips(Interval clips);

  /// The window with the index `window`.
  SpeechWindow window(std::int64_t window) const;

 private:
  const at::Tensor& run(std::int64_t window);

  const Wav2Vec2& model_;
  Recording recording_;
  FeatureRate rate_;
  std::int64_t clip_frames_;
  std::int64_t latest_window_ = -1;
  at::Tensor latest_FND_;  // of all clips of the latest window
};

}  // namespace longtake
