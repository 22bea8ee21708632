#include "rank/engine/audio/feature_rate.h"

#include <gtest/gtest.h>

#include "jobs/error.h"
#include "tests/engine/reference.h"

namespace longtake {
namespace {

constexpr const char* kIo = "wav2vec2_io.safetensors";

TEST(FeatureRate, InterpolatesAsTheReference) {
  const at::Tensor out_NOD = features_at_30fps(reference_tensor(kIo, "hidden_states"));
  EXPECT_LT(relative_error(out_NOD, reference_tensor(kIo, "features_30fps")), 1e-5);
}

TEST(FeatureRate, PicksVideoFramesAsTheReference) {
  const at::Tensor hidden_NTD = reference_tensor(kIo, "hidden_states");
  const at::Tensor expected_FND = reference_tensor(kIo, "bucket_25fps");
  const FeatureRate rate(hidden_NTD.size(1));
  const at::Tensor out_FND = features_at_25fps(hidden_NTD, 0, rate, 0, expected_FND.size(0));
  EXPECT_LT(relative_error(out_FND, expected_FND), 1e-5);
}

TEST(FeatureRate, AWindowGivesWhatTheWholeGives) {
  const at::Tensor features_NTD = at::rand({2, 500, 3}, at::kDouble);
  const FeatureRate rate(500);
  const at::Tensor whole_FND = features_at_25fps(features_NTD, 0, rate, 0, 300);
  const at::Tensor part_FND = features_at_25fps(features_NTD.narrow(1, 190, 120), 190, rate, 100, 48);
  EXPECT_LT(relative_error(part_FND, whole_FND.narrow(0, 100, 48)), 1e-12);
}

TEST(FeatureRate, BehindTheEndAreZeros) {
  const at::Tensor features_NTD = at::ones({2, 50, 3});
  const at::Tensor out_FND = features_at_25fps(features_NTD, 0, FeatureRate(50), 0, 48);
  EXPECT_TRUE(at::equal(out_FND.narrow(0, 0, 25), at::ones({25, 2, 3})));
  EXPECT_TRUE(at::equal(out_FND.narrow(0, 25, 23), at::zeros({23, 2, 3})));
}

TEST(FeatureRate, AlmostNoSoundIsSilence) {
  for (const std::int64_t frames : {0, 1}) {
    const at::Tensor out_FND = features_at_25fps(at::ones({2, frames, 3}), 0, FeatureRate(frames), 0, 4);
    EXPECT_TRUE(at::equal(out_FND, at::zeros({4, 2, 3}))) << frames;
  }
  EXPECT_TRUE(
      at::equal(features_at_25fps(at::ones({1, 2, 3}), 0, FeatureRate(2), 0, 1), at::ones({1, 1, 3})));
}

TEST(FeatureRate, AWindowThatIsTooShortIsNoticed) {
  EXPECT_THROW(features_at_25fps(at::ones({1, 10, 3}), 0, FeatureRate(500), 0, 48), Error);
  EXPECT_THROW(features_at_25fps(at::ones({1, 10, 3}), 50, FeatureRate(500), 0, 1), Error);
}

}  // namespace
}  // namespace longtake
