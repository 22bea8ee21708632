#include "rank/engine/liveavatar/speech_of_clips.h"

#include <algorithm>

#include "rank/engine/audio/speech_features.h"
#include "storage/media/speech.h"

namespace longtake {
namespace {

constexpr std::int64_t kPiece_samples = std::int64_t{60} * kSpeechSampleRate;

std::vector<float> samples_of(const SpeechFile& speech, Interval samples) {
  std::vector<float> result(static_cast<std::size_t>(samples.length()));
  speech.read(samples, result.data());
  return result;
}

Recording recording_of(const SpeechFile& speech) {
  Recording recording;
  recording.samples = speech.samples();
  for (std::int64_t begin = 0; begin < speech.samples(); begin += kPiece_samples) {
    const std::vector<float> piece =
        samples_of(speech, {begin, std::min(begin + kPiece_samples, speech.samples())});
    recording.moments.add(piece.data(), static_cast<std::int64_t>(piece.size()));
  }
  recording.read = [&speech](Interval samples) { return samples_of(speech, samples); };
  return recording;
}

}  // namespace

std::map<std::int64_t, at::Tensor> speech_of_clips(const Wav2Vec2& encoder, const SegmentOrder& order,
                                                   const std::vector<std::int64_t>& clips,
                                                   const std::function<void()>& before_clip) {
  const SpeechFile speech(order.speech, order.speech_samples);
  SpeechFeatures features(encoder, recording_of(speech), order.settings.infer_frames);
  std::map<std::int64_t, at::Tensor> result;
  for (const std::int64_t clip : clips) {
    before_clip();
    const at::Tensor features_VZE = features.of_clips({clip, clip + 1});
    result[clip] = features_VZE.permute({1, 2, 0}).to(at::kCPU, at::kFloat).contiguous();
  }
  return result;
}

}  // namespace longtake
