#include "rank/engine/audio/sample_moments.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/engine/reference.h"

namespace longtake {
namespace {

TEST(SampleMoments, DoNotDependOnThePieces) {
  const std::vector<float> samples = {1, 2, 3, 6};
  SampleMoments pieces;
  pieces.add(samples.data(), 1);
  pieces.add(samples.data() + 1, 0);
  pieces.add(samples.data() + 1, 3);
  EXPECT_DOUBLE_EQ(pieces.mean(), 3.0);
  EXPECT_DOUBLE_EQ(pieces.variance(), 3.5);
}

TEST(SampleMoments, NormaliseAsTheReference) {
  const at::Tensor waveform_S = reference_tensor("wav2vec2_io.safetensors", "waveform");
  SampleMoments moments;
  moments.add(waveform_S.data_ptr<float>(), waveform_S.numel());
  const at::Tensor expected_1S = reference_tensor("wav2vec2_io.safetensors", "input_values");
  EXPECT_LT(relative_error(normalised(waveform_S, moments), expected_1S.squeeze(0)), 1e-5);
}

TEST(SampleMoments, SilenceStaysSilence) {
  const std::vector<float> samples(100, 0.25F);
  SampleMoments moments;
  moments.add(samples.data(), 100);
  EXPECT_TRUE(at::equal(normalised(at::full({3}, 0.25), moments), at::zeros({3})));
  EXPECT_EQ(SampleMoments().variance(), 0.0);
}

}  // namespace
}  // namespace longtake
