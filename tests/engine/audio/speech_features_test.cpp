#include "rank/engine/audio/speech_features.h"

#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>

#include "jobs/clip_math.h"
#include "jobs/error.h"
#include "tests/engine/audio/small_model.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

using testing::Each;
using testing::Le;

constexpr std::int64_t kClipFrames = 48;
constexpr std::int64_t kClipSamples = kClipFrames * kSamplesPerFrame;

/// A recording over `samples_S`, which notes how many samples each reading asks for.
Recording recording_of(const at::Tensor& samples_S, std::vector<std::int64_t>* readings = nullptr) {
  Recording recording;
  recording.samples = samples_S.numel();
  recording.moments.add(samples_S.data_ptr<float>(), samples_S.numel());
  recording.read = [samples_S, readings](Interval place) {
    if (readings != nullptr) readings->push_back(place.length());
    const float* begin = samples_S.data_ptr<float>();
    return std::vector<float>(begin + place.begin, begin + place.end);
  };
  return recording;
}

/// A voice without words: noise in syllables of a fifth of a second.
at::Tensor babble(std::int64_t samples) {
  const at::Tensor time_S = at::arange(samples, at::kFloat) / kSpeechSampleRate;
  const at::Tensor noise_S = random_weights(9, {}).take("noise.bias", {samples});
  return noise_S * (time_S * 31.4).sin().square();
}

class Babble : public testing::Test {
 protected:
  /// All clips with the model hearing everything, as published.
  at::Tensor whole() const {
    const at::Tensor hidden_NTD =
        model_.hidden_states(normalised(samples_S_, recording_of(samples_S_).moments));
    return features_at_25fps(hidden_NTD, 0, FeatureRate(hidden_NTD.size(1)), 0, kClips * kClipFrames);
  }

  static constexpr std::int64_t kClips = 21;
  const c10::InferenceMode inference_;
  const at::Tensor samples_S_ = babble(20 * kClipSamples + kClipSamples / 2);
  const Wav2Vec2 model_{small_wav2vec2(), random_weights(5, {})};
};

TEST_F(Babble, AClipsFeaturesDoNotDependOnHowTheJobIsCut) {
  SpeechFeatures features(model_, recording_of(samples_S_), kClipFrames);
  const at::Tensor all_FND = features.of_clips({0, kClips});
  ASSERT_EQ(all_FND.size(0), kClips * kClipFrames);
  for (const Interval clips : {Interval{0, 1}, Interval{7, 9}, Interval{5, 17}, Interval{20, 21}}) {
    SpeechFeatures fresh(model_, recording_of(samples_S_), kClipFrames);
    const at::Tensor expected_FND =
        all_FND.narrow(0, clips.begin * kClipFrames, clips.length() * kClipFrames);
    EXPECT_TRUE(at::equal(fresh.of_clips(clips), expected_FND)) << clips.begin;
  }
}

TEST_F(Babble, FeaturesAreCloseToThoseOfTheWholeRecording) {
  SpeechFeatures features(model_, recording_of(samples_S_), kClipFrames);
  const at::Tensor all_FND = features.of_clips({0, kClips});
  const at::Tensor whole_FND = whole();
  const double error = relative_error(all_FND, whole_FND);
  RecordProperty("relative_error", std::to_string(error));
  EXPECT_LT(error, 0.03);  // 0.021 measured
  // What enters the first layer hears 25 ms and eight frames to either side: no window shows.
  EXPECT_LT(relative_error(all_FND.select(1, 0), whole_FND.select(1, 0)), 1e-5);
}

TEST_F(Babble, NoMoreThanOneWindowIsReadAtOnceAndNoneTwice) {
  std::vector<std::int64_t> readings;
  SpeechFeatures features(model_, recording_of(samples_S_, &readings), kClipFrames);
  for (std::int64_t clip = 0; clip < kClips; ++clip) features.of_clips({clip, clip + 1});
  EXPECT_EQ(readings.size(), 3U);
  EXPECT_THAT(readings, Each(Le((kWindow_clips + 2 * kContext_clips) * kClipSamples)));
}

TEST_F(Babble, BehindTheEndIsSilenceWithoutReading) {
  std::vector<std::int64_t> readings;
  SpeechFeatures features(model_, recording_of(samples_S_, &readings), kClipFrames);
  const at::Tensor out_FND = features.of_clips({100, 102});
  EXPECT_TRUE(at::equal(out_FND, at::zeros({2 * kClipFrames, 3, 16})));
  EXPECT_TRUE(readings.empty());
  EXPECT_EQ(features.of_clips({3, 3}).size(0), 0);
  EXPECT_THROW(features.of_clips({-1, 1}), Error);
}

TEST_F(Babble, WindowsLieOnTheGridOfClips) {
  const SpeechFeatures features(model_, recording_of(samples_S_), kClipFrames);
  EXPECT_EQ(features.window(0).samples.begin, 0);
  EXPECT_EQ(features.window(1).clips, (Interval{8, 16}));
  EXPECT_EQ(features.window(1).samples.begin, 6 * kClipSamples);
  EXPECT_EQ(features.window(1).samples.end, 18 * kClipSamples - 240);  // the last whole feature
  EXPECT_EQ(features.window(2).features.end, model_.config().frames_of(samples_S_.numel()));
}

TEST(SpeechFeatures, OfAShortRecordingAreExactlyThePublishedOnes) {
  const c10::InferenceMode inference;
  const Wav2Vec2 model(read_wav2vec2_config(reference("wav2vec2_config.json")),
                       reference_weights("wav2vec2_weights.safetensors"));
  const std::int64_t clips = reference_json("meta.json").at("wav2vec2").at("num_clips").get<std::int64_t>();
  const at::Tensor expected_FND = reference_tensor("wav2vec2_io.safetensors", "bucket_25fps");
  SpeechFeatures features(model, recording_of(reference_tensor("wav2vec2_io.safetensors", "waveform")),
                          expected_FND.size(0) / clips);
  EXPECT_LT(relative_error(features.of_clips({0, clips}), expected_FND), 1e-4);
}

TEST(SpeechFeatures, OfAlmostNothingAreSilence) {
  const c10::InferenceMode inference;
  const Wav2Vec2 model(small_wav2vec2(), random_weights(5, {}));
  SpeechFeatures features(model, recording_of(at::ones({100})), kClipFrames);
  EXPECT_TRUE(at::equal(features.of_clips({0, 1}), at::zeros({kClipFrames, 3, 16})));
}

}  // namespace
}  // namespace longtake
