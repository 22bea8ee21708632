#include "rank/engine/audio/speech_features.h"

#include <algorithm>
#include <string>
#include <utility>

#include "jobs/clip_math.h"
#include "jobs/error.h"

// F video frames at 25 a second, N hidden states, D width, T features at 50 a second, S samples

namespace longtake {

SpeechFeatures::SpeechFeatures(const Wav2Vec2& model, Recording recording, std::int64_t clip_frames)
    : model_(model),
      recording_(std::move(recording)),
      rate_(model.config().frames_of(recording_.samples)),
      clip_frames_(clip_frames) {
  if (clip_frames < 1) throw Error(ErrorKind::Bug, "a clip has " + std::to_string(clip_frames) + " frames");
}

SpeechWindow SpeechFeatures::window(std::int64_t window) const {
  const Wav2Vec2Config& config = model_.config();
  const std::int64_t clip_samples = clip_frames_ * kSamplesPerFrame;
  const std::int64_t first_clip = window * kWindow_clips;
  const std::int64_t begin = std::max<std::int64_t>(0, first_clip - kContext_clips) * clip_samples;
  const std::int64_t end = (first_clip + kWindow_clips + kContext_clips) * clip_samples;
  SpeechWindow result;
  result.clips = {first_clip, first_clip + kWindow_clips};
  // Whole features, so that the convolutions give the very values that they give in the whole recording.
  result.features.begin = std::min(begin / config.hop_samples(), rate_.frames_50fps());
  result.features.end = std::min(config.frames_of(end), rate_.frames_50fps());
  result.samples.begin = result.features.begin * config.hop_samples();
  result.samples.end =
      result.samples.begin + (result.features.length() - 1) * config.hop_samples() + config.field_samples();
  if (result.features.is_empty()) result.samples.end = result.samples.begin;
  return result;
}

at::Tensor SpeechFeatures::of_clips(Interval clips) {
  if (clips.begin < 0) {
    throw Error(ErrorKind::Bug, "asked for the sound of clip " + std::to_string(clips.begin));
  }
  std::vector<at::Tensor> parts_FND;
  for (std::int64_t clip = clips.begin; clip < clips.end;) {
    const std::int64_t index = clip / kWindow_clips;
    const std::int64_t end = std::min(clips.end, (index + 1) * kWindow_clips);
    const std::int64_t first_frame = (clip - index * kWindow_clips) * clip_frames_;
    parts_FND.push_back(run(index).narrow(0, first_frame, (end - clip) * clip_frames_));
    clip = end;
  }
  if (!parts_FND.empty()) return at::cat(parts_FND);
  return at::zeros({0, model_.config().layers + 1, model_.config().width}, model_.options());
}

const at::Tensor& SpeechFeatures::run(std::int64_t window_index) {
  if (window_index == latest_window_) return latest_FND_;
  const SpeechWindow place = window(window_index);
  const std::int64_t states = model_.config().layers + 1;
  at::Tensor features_NTD = at::zeros({states, 0, model_.config().width}, model_.options());
  if (!place.features.is_empty()) {
    std::vector<float> samples = recording_.read(place.samples);
    const at::Tensor samples_S = at::from_blob(samples.data(), {place.samples.length()}, at::kFloat);
    features_NTD = model_.hidden_states(normalised(samples_S, recording_.moments));
  }
  latest_FND_ = features_at_25fps(features_NTD, place.features.begin, rate_, place.clips.begin * clip_frames_,
                                  place.clips.length() * clip_frames_);
  latest_window_ = window_index;
  return latest_FND_;
}

}  // namespace longtake
